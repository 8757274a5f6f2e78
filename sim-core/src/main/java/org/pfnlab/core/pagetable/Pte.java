package org.pfnlab.core.pagetable;

/**
 * A page-table entry of x86-64 Linux as a long: the value that a crash dump would show. All methods
 * are pure functions on it.
 *
 * <pre>
 *  present (bit 0 set)
 *   63 62      59  58  57    52 51            12  11  10   9  8  7  6 5   4   3 2 1 0
 *  +--+----------+---+---------+----------------+---+----+--+--+---+-+-+---+---+-+-+-+
 *  |NX|  (pkey)  |SDi|    0    |       pfn      |SoD|UfWp|Sp| G|PAT|D|A|PCD|PWT|U|W|1|
 *  +--+----------+---+---------+----------------+---+----+--+--+---+-+-+---+---+-+-+-+
 *  leaves of 2M and 1G: bit 7 is PSE and the PAT bit is bit 12, below the aligned pfn
 *
 *  PROT_NONE (bit 0 clear, bit 8 set): the same, but the pfn field is stored inverted, so that a
 *  speculative walk (L1TF) points at memory that does not exist
 *
 *  swap-style (bits 0 and 8 clear, not zero)
 *   63  59 58                              9  8  7     4  3  2  1  0
 *  +------+---------------------------------+--+--------+--+--+--+--+
 *  | type |         inverted offset         | 0|    0   |Ex|Uf|SD| 0|
 *  +------+---------------------------------+--+--------+--+--+--+--+
 *  a PTE marker is type 31 and its offset is the set of markers
 * </pre>
 *
 * <p>SDi is SavedDirty: since v6.6 x86 never leaves the hardware dirty bit on a read-only entry
 * (that combination means shadow stack) and parks it in bit 58. Methods that need to know take a
 * boolean, {@code kernel.has(Arch.X86_SAVED_DIRTY)}. Protection keys and memory encryption are left
 * out.
 */
public final class Pte {
  public static final long PRESENT = 1L;
  public static final long RW = 1L << 1;
  public static final long USER = 1L << 2;
  public static final long PWT = 1L << 3;
  public static final long PCD = 1L << 4;
  public static final long ACCESSED = 1L << 5;
  public static final long DIRTY = 1L << 6;

  /** The PAT bit of a 4K entry. */
  public static final long PAT = 1L << 7;

  /** The same bit in a 2M or 1G leaf: this entry is a leaf. */
  public static final long PSE = 1L << 7;

  /** The PAT bit of a 2M or 1G leaf. */
  public static final long PAT_LARGE = 1L << 12;

  public static final long GLOBAL = 1L << 8;

  /** The global bit of an entry that is not present: a page is here, but nobody may touch it. */
  public static final long PROTNONE = 1L << 8;

  /** Software bit: no struct page stands behind this entry (pte_special). */
  public static final long SPECIAL = 1L << 9;

  /** Software bit: write-protected for userfaultfd. */
  public static final long UFFD_WP_BIT = 1L << 10;

  public static final long SOFT_DIRTY = 1L << 11;
  public static final long SAVED_DIRTY = 1L << 58;
  public static final long NX = 1L << 63;

  /** The field of the pfn: bits 12 to 51. */
  public static final long PFN_MASK = 0x000f_ffff_ffff_f000L;

  /** The cache mode's bits in a 4K entry: _PAGE_CACHE_MASK. */
  public static final long CACHE_MASK = PWT | PCD | PAT;

  /** Either place of the dirty bit: _PAGE_DIRTY_BITS. */
  public static final long DIRTY_BITS = DIRTY | SAVED_DIRTY;

  /** PAGE_NONE of protection_map: P000, S000. */
  public static final long PAGE_NONE = PROTNONE | ACCESSED;

  /** PAGE_READONLY: P001, S001. */
  public static final long PAGE_READONLY = PRESENT | USER | ACCESSED | NX;

  /** PAGE_READONLY_EXEC: P100, P101, S100, S101. */
  public static final long PAGE_READONLY_EXEC = PRESENT | USER | ACCESSED;

  /** PAGE_COPY: P010, P011; a private mapping is never writable before its page is copied. */
  public static final long PAGE_COPY = PAGE_READONLY;

  /** PAGE_COPY_EXEC: P110, P111. */
  public static final long PAGE_COPY_EXEC = PAGE_READONLY_EXEC;

  /** PAGE_SHARED: S010, S011. */
  public static final long PAGE_SHARED = PRESENT | RW | USER | ACCESSED | NX;

  /** PAGE_SHARED_EXEC: S110, S111. */
  public static final long PAGE_SHARED_EXEC = PRESENT | RW | USER | ACCESSED;

  /** PTE_MARKER_UFFD_WP: write-protected for userfaultfd although no page is here. */
  public static final int UFFD_WP = 1;

  /** PTE_MARKER_POISONED: an access gets SIGBUS. */
  public static final int POISONED = 1 << 1;

  /** PTE_MARKER_GUARD, since v6.13: an access gets SIGSEGV. */
  public static final int GUARD = 1 << 2;

  /** The swap type of PTE markers: the last one of 32. */
  public static final int MARKER_TYPE = 31;

  private static final int TYPE_SHIFT = 59;
  private static final long OFFSET_FIELD = ((1L << TYPE_SHIFT) - 1) & -(1L << 9);

  /**
   * What pte_modify keeps: _PAGE_CHG_MASK; older kernels lost PAT, which WT and WP alone notice.
   */
  private static final long KEPT =
      PFN_MASK | CACHE_MASK | SPECIAL | ACCESSED | DIRTY_BITS | SOFT_DIRTY | UFFD_WP_BIT;

  private Pte() {}

  /** Whether nothing at all is here (pte_none). */
  public static boolean none(long pte) {
    return pte == 0;
  }

  /** Whether a page is here, accessible or not (pte_present): PRESENT or PROTNONE. */
  public static boolean present(long pte) {
    return (pte & (PRESENT | PROTNONE)) != 0;
  }

  /** Whether the hardware would use the entry. */
  public static boolean hwPresent(long pte) {
    return (pte & PRESENT) != 0;
  }

  /** Whether a page is here that nobody may touch (pte_protnone). */
  public static boolean protNone(long pte) {
    return (pte & (PRESENT | PROTNONE)) == PROTNONE;
  }

  /** The pfn of a 4K entry (pte_pfn), undoing the inversion of entries that are not present. */
  public static long pfn(long pte) {
    return ((pte ^ inversion(pte)) & PFN_MASK) >>> 12;
  }

  /** The first pfn of a leaf at this level: 1 for 4K, 2 for 2M (pmd_pfn), 3 for 1G (pud_pfn). */
  public static long pfn(long pte, int level) {
    return ((pte ^ inversion(pte)) & pfnMask(level)) >>> 12;
  }

  /** An entry for this page and protection (pfn_pte); PROT_NONE protections invert the pfn. */
  public static long of(long pfn, long prot) {
    return ((pfn << 12 ^ inversion(prot)) & PFN_MASK) | (prot & ~PFN_MASK);
  }

  /**
   * A leaf at level 2 or 3 (pfn_pmd, pfn_pud).
   *
   * @param pfn aligned to the leaf's size
   * @param prot as for a 4K entry; its PAT bit is moved
   */
  public static long ofHuge(long pfn, long prot, int level) {
    long field = (pfn << 12 ^ inversion(prot)) & pfnMask(level);
    return field | (prot & ~(PFN_MASK | PAT)) | PSE | (prot & PAT) << 5;
  }

  /** The leaf as a 4K entry for the same first pfn: PSE goes, the PAT bit moves to bit 7. */
  public static long toSmall(long leaf, int level) {
    return of(pfn(leaf, level), (leaf & ~(PFN_MASK | PSE)) | (leaf & PAT_LARGE) >>> 5);
  }

  /**
   * The first of the 512 entries one level below that cover the same pages as a leaf: of 2M for a
   * leaf at level 3, of 4K for one at level 2.
   */
  public static long lower(long leaf, int level) {
    return level == 2
        ? toSmall(leaf, level)
        : ofHuge(pfn(leaf, level), leaf & ~(PFN_MASK | PAT), level - 1) | (leaf & PAT_LARGE);
  }

  /**
   * What to add to an entry so that it names the pfn n pages further on: inverted fields go down.
   */
  public static long advance(long pte, long pages) {
    return (pages << 12 ^ inversion(pte)) - inversion(pte);
  }

  /** Whether stores are allowed (pte_write; shadow stacks left out). */
  public static boolean write(long pte) {
    return (pte & RW) != 0;
  }

  /** Whether it was stored to, in either bit (pte_dirty). */
  public static boolean dirty(long pte) {
    return (pte & DIRTY_BITS) != 0;
  }

  /** Whether it was accessed (pte_young). */
  public static boolean young(long pte) {
    return (pte & ACCESSED) != 0;
  }

  /** Whether no struct page stands behind it (pte_special). */
  public static boolean special(long pte) {
    return (pte & SPECIAL) != 0;
  }

  /** Whether instructions may be fetched (pte_exec). */
  public static boolean exec(long pte) {
    return (pte & NX) == 0;
  }

  /** Whether user mode may touch it (pte_user). */
  public static boolean user(long pte) {
    return (pte & USER) != 0;
  }

  /** Allows stores (pte_mkwrite), and takes the dirty bit back where SavedDirty exists. */
  public static long mkWrite(long pte, boolean savedDirty) {
    return savedDirty ? unpark(pte | RW) : pte | RW;
  }

  /** Forbids stores (pte_wrprotect), and parks the dirty bit where SavedDirty exists. */
  public static long wrProtect(long pte, boolean savedDirty) {
    return savedDirty ? park(pte & ~RW) : pte & ~RW;
  }

  /** Marks it stored to, and soft-dirty (pte_mkdirty of kernels without SavedDirty). */
  public static long mkDirty(long pte) {
    return pte | DIRTY | SOFT_DIRTY;
  }

  /** Marks it stored to, and soft-dirty (pte_mkdirty): in bit 58 if it is read-only. */
  public static long mkDirty(long pte, boolean savedDirty) {
    return savedDirty ? park(mkDirty(pte)) : mkDirty(pte);
  }

  /** Forgets stores (pte_mkclean); soft-dirty stays. */
  public static long mkClean(long pte) {
    return pte & ~DIRTY_BITS;
  }

  /** Marks it accessed (pte_mkyoung). */
  public static long mkYoung(long pte) {
    return pte | ACCESSED;
  }

  /** Forgets accesses (pte_mkold). */
  public static long mkOld(long pte) {
    return pte & ~ACCESSED;
  }

  /** Says that no struct page stands behind it (pte_mkspecial). */
  public static long mkSpecial(long pte) {
    return pte | SPECIAL;
  }

  /** The cache mode's bits of a 4K entry or protection: PWT, PCD, PAT. */
  public static long cacheBits(long pte) {
    return pte & CACHE_MASK;
  }

  /** The 4K entry or protection with these cache bits. */
  public static long withCacheBits(long pte, long cacheBits) {
    return (pte & ~CACHE_MASK) | (cacheBits & CACHE_MASK);
  }

  /** {@link #modify(long, long, boolean)} of kernels without SavedDirty. */
  public static long modify(long pte, long newProt) {
    return modify(pte, newProt, false);
  }

  /**
   * Another protection for the same page (pte_modify): the pfn, accessed, dirty, special,
   * soft-dirty and cache bits stay; the rest comes from the protection, and so does the pfn's
   * inversion.
   */
  public static long modify(long pte, long newProt, boolean savedDirty) {
    return modify(pte, newProt, savedDirty, KEPT, PFN_MASK);
  }

  /**
   * The same for a leaf at level 2 or 3 (pmd_modify, pud_modify): it stays a leaf. Where SavedDirty
   * exists, the hardware dirty bit is lost on the way, not parked.
   */
  public static long modifyHuge(long leaf, long newProt, boolean savedDirty, int level) {
    long kept = savedDirty ? (KEPT | PSE) & ~DIRTY : KEPT | PSE;
    return modify(leaf, newProt, savedDirty, kept, pfnMask(level));
  }

  private static long modify(long pte, long newProt, boolean savedDirty, long kept, long pfnMask) {
    long result = (pte & kept) | (newProt & ~kept);
    result ^= (inversion(pte) ^ inversion(result)) & pfnMask;
    if (!savedDirty) {
      return result;
    }
    return write(pte) ? park(result) : unpark(result);
  }

  /** The non-present entry that carries these markers (make_pte_marker). */
  public static long marker(int kinds) {
    return swapEntry(MARKER_TYPE, kinds);
  }

  /** Whether it is a PTE marker (is_pte_marker). */
  public static boolean isMarker(long pte) {
    return isSwap(pte) && swapType(pte) == MARKER_TYPE;
  }

  /** Whether it is a guard marker (is_guard_swp_entry). */
  public static boolean isGuard(long pte) {
    return isMarker(pte) && (swapOffset(pte) & GUARD) != 0;
  }

  /** Whether it is a swap-style entry: neither empty nor present. */
  public static boolean isSwap(long pte) {
    return pte != 0 && !present(pte);
  }

  /** A swap-style entry (__swp_entry): five bits of type, fifty of offset. */
  public static long swapEntry(int type, long offset) {
    return (long) type << TYPE_SHIFT | (~offset << 9 & OFFSET_FIELD);
  }

  /** The type of a swap-style entry. */
  public static int swapType(long pte) {
    return (int) (pte >>> TYPE_SHIFT);
  }

  /** The offset of a swap-style entry. */
  public static long swapOffset(long pte) {
    return (~pte & OFFSET_FIELD) >>> 9;
  }

  /** The 4K entry in words: {@code pfn 0xf8000 RW special young dirty WC}. */
  public static String describe(long pte) {
    return PteText.describe(pte);
  }

  /** A leaf of level 1, 2 or 3 in words: {@code 2M pfn 0x80000 RW special young}. */
  public static String describe(long leaf, int level) {
    if (level == 1 || isSwap(leaf) || none(leaf)) {
      return describe(leaf);
    }
    return (level == 2 ? "2M " : "1G ") + describe(toSmall(leaf, level));
  }

  private static long pfnMask(int level) {
    return PFN_MASK & -(1L << (12 + 9 * (level - 1)));
  }

  private static long inversion(long pte) {
    return pte != 0 && (pte & PRESENT) == 0 ? -1 : 0;
  }

  private static long park(long pte) {
    return (pte & (RW | DIRTY)) == DIRTY ? (pte & ~DIRTY) | SAVED_DIRTY : pte;
  }

  private static long unpark(long pte) {
    return (pte & (RW | SAVED_DIRTY)) == (RW | SAVED_DIRTY) ? (pte & ~SAVED_DIRTY) | DIRTY : pte;
  }
}
