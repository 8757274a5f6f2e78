package org.pfnlab.core.iomap;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;

/**
 * io_mapping as x86-64 has it (include/linux/io-mapping.h): a device aperture mapped
 * write-combining once, by one ioremap_wc, so that nothing asks PAT later.
 *
 * <p>{@link #prot} is write-combining always, also where ioremap_wc obtained another mode because
 * of an alias; who builds user entries from it then disagrees with the reservation, as in Linux.
 */
public final class IoMapping {
  /** PAGE_KERNEL without its cache bits. */
  private static final long PAGE_KERNEL =
      Pte.PRESENT | Pte.RW | Pte.ACCESSED | Pte.DIRTY | Pte.GLOBAL | Pte.NX;

  private final IoRemap ioRemap;
  private final long base;
  private final long size;
  private final long address;

  private IoMapping(IoRemap ioRemap, long base, long size, long address) {
    this.ioRemap = ioRemap;
    this.base = base;
    this.size = size;
    this.address = address;
  }

  /**
   * io_mapping_init_wc.
   *
   * @param base physical address of the aperture
   * @param size in bytes
   * @return null if it cannot be mapped
   */
  public static @Nullable IoMapping initWc(IoRemap ioRemap, long base, long size) {
    long address = ioRemap.ioremap(base, size, CacheMode.WC);
    return address == 0 ? null : new IoMapping(ioRemap, base, size, address);
  }

  /** The protection of the mapping, PTE bits: PAGE_KERNEL, write-combining. */
  public long prot() {
    return Pte.withCacheBits(PAGE_KERNEL, ioRemap.cacheBits(CacheMode.WC));
  }

  /**
   * The protection of a user entry into the aperture: its cache bits, and everything else from the
   * VMA's page protection (remap_io_mapping, io_mapping_map_user).
   */
  public long userProt(long pageProt) {
    return Pte.withCacheBits(pageProt, prot());
  }

  /** io_mapping_map_wc, _local_wc, _atomic_wc: pointer arithmetic; nothing checks the offset. */
  public long map(long offset) {
    return address + offset;
  }

  /** Physical address of the aperture. */
  public long base() {
    return base;
  }

  /** Its size in bytes. */
  public long size() {
    return size;
  }

  /** io_mapping_fini: unmaps, and frees the reservation. */
  public void fini() {
    ioRemap.iounmap(address);
  }
}
