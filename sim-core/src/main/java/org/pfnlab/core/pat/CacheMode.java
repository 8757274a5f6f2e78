package org.pfnlab.core.pat;

import com.google.common.collect.ImmutableList;

/**
 * The kernel's page_cache_mode, in its order: ordinals are its {@link #value}s.
 *
 * <p>What a mode means to a store: WB caches it, WC collects it in fill buffers, UC- and UC send it
 * as it is, WT caches and sends it, WP sends it and caches reads only. UC- differs from UC in that
 * an MTRR can turn it into WC.
 */
public enum CacheMode {
  /** Write-back: ordinary memory. */
  WB(0, "write-back"),

  /** Write-combining: frame buffers. */
  WC(1, "write-combining"),

  /** Uncached, unless an MTRR says write-combining: what ioremap asks for. */
  UC_MINUS(2, "uncached-minus"),

  /** Uncached. */
  UC(3, "uncached"),

  /** Write-through. */
  WT(4, "write-through"),

  /** Write-protected. */
  WP(5, "write-protected");

  private static final ImmutableList<CacheMode> BY_VALUE = ImmutableList.copyOf(values());

  private final int value;
  private final String kernelName;

  CacheMode(int value, String kernelName) {
    this.value = value;
    this.kernelName = kernelName;
  }

  /** The mode with this value. */
  public static CacheMode of(int value) {
    return BY_VALUE.get(value);
  }

  /** The kernel's number for it, 0 to 5, which {@link Memtypes#reserve} answers with. */
  public int value() {
    return value;
  }

  /** What cattr_name prints: {@code write-combining}. */
  public String kernelName() {
    return kernelName;
  }
}
