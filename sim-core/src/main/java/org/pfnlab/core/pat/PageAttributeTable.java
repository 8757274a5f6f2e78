package org.pfnlab.core.pat;

import java.util.Arrays;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;

/**
 * Cache modes as page-table bits and back (__cachemode2pte_tbl, __pte2cachemode_tbl), as the PAT
 * MSR lays them out.
 *
 * <pre>
 *                  PAT  PCD  PWT     slot = PAT*4 + PCD*2 + PWT
 *   4K entry        7    4    3
 *   2M, 1G leaf    12    4    3      bit 7 is PSE there
 *
 *   slot                   0    1    2    3    4    5    6    7
 *   POWER_ON               WB   WT   UC-  UC   WB   WT   UC-  UC
 *   FULL                   WB   WC   UC-  UC   WB   WP   UC-  WT
 *   ERRATA                 WB   WC   UC-  UC   WB   WC   UC-  UC
 * </pre>
 *
 * <p>A mode in two slots is encoded by the lower one. A mode in none becomes UC-, which is how a
 * kernel without PAT loses WC and WP.
 */
public final class PageAttributeTable {
  /** PWT and PCD, the same on every level, and PAT of a 4K entry: _PAGE_CACHE_MASK. */
  public static final long CACHE_MASK = 1L << 7 | 1L << 4 | 1L << 3;

  /** The same three bits of a 2M or 1G leaf. */
  public static final long CACHE_MASK_LARGE = 1L << 12 | 1L << 4 | 1L << 3;

  /** What Linux programs. */
  public static final PageAttributeTable FULL = new PageAttributeTable(0x0407_0506_0007_0106L);

  /** What Linux programs on old Intel CPUs that may ignore the PAT bit. */
  public static final PageAttributeTable ERRATA = new PageAttributeTable(0x0007_0106_0007_0106L);

  /** What the CPU starts with; what remains when PAT is off. */
  public static final PageAttributeTable POWER_ON = new PageAttributeTable(0x0007_0406_0007_0406L);

  private static final int SLOTS = 8;
  private static final int PWT_SHIFT = 3;
  private static final int PAT_SHIFT = 7;
  private static final int PAT_LARGE_SHIFT = 12;

  private final long msr;
  private final CacheMode[] modes = new CacheMode[SLOTS];
  private final long[] bits = new long[CacheMode.values().length];

  private PageAttributeTable(long msr) {
    this.msr = msr;
    long unavailable = slotBits(2, PAT_SHIFT);
    Arrays.fill(bits, unavailable);
    for (int slot = SLOTS - 1; slot >= 0; slot--) {
      CacheMode mode = decode((int) (msr >>> (8 * slot)) & 7);
      modes[slot] = mode;
      bits[mode.value()] = slotBits(slot, PAT_SHIFT);
    }
  }

  /** The table of this kernel: {@link #FULL}, or {@link #POWER_ON} where PAT is off. */
  public static PageAttributeTable of(Kernel kernel) {
    return kernel.has(Arch.X86_PAT) ? FULL : POWER_ON;
  }

  private static CacheMode decode(int encoding) {
    return switch (encoding) {
      case 0 -> CacheMode.UC;
      case 1 -> CacheMode.WC;
      case 4 -> CacheMode.WT;
      case 5 -> CacheMode.WP;
      case 6 -> CacheMode.WB;
      case 7 -> CacheMode.UC_MINUS;
      default -> throw new IllegalArgumentException("the PAT MSR has no encoding " + encoding);
    };
  }

  private static long slotBits(int slot, int patShift) {
    return ((slot & 3L) << PWT_SHIFT) | ((slot >> 2L) << patShift);
  }

  private static int slot(long entry, int patShift) {
    return (int) (((entry >>> PWT_SHIFT) & 3) | (((entry >>> patShift) & 1) << 2));
  }

  /** The three bits that give a 4K entry or a protection this mode (cachemode2protval). */
  public long bits(CacheMode mode) {
    return bits[mode.value()];
  }

  /** The three bits that give a 2M or 1G leaf this mode. */
  public long largeBits(CacheMode mode) {
    return slotBits(slot(bits[mode.value()], PAT_SHIFT), PAT_LARGE_SHIFT);
  }

  /** The mode of a 4K entry or a protection (pgprot2cachemode). */
  public CacheMode mode(long entry) {
    return modes[slot(entry, PAT_SHIFT)];
  }

  /** The mode of a 2M or 1G leaf. */
  public CacheMode largeMode(long leaf) {
    return modes[slot(leaf, PAT_LARGE_SHIFT)];
  }

  /** The value of IA32_PAT. */
  public long msr() {
    return msr;
  }

  /** The line that Linux prints at boot. */
  public String bootLine() {
    StringBuilder line = new StringBuilder("x86/PAT: Configuration [0-7]: ");
    for (CacheMode mode : modes) {
      String name = mode == CacheMode.UC_MINUS ? "UC-" : mode.name();
      line.append(name).append(" ".repeat(4 - name.length()));
    }
    return line.toString();
  }
}
