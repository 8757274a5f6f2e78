package org.pfnlab.core.mm;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * vm_area_struct: one range of an address space with one set of flags, one object, one way to
 * fault.
 *
 * <p>Addresses are bytes, {@link #pgoff} is in pages. A VMA without {@link #ops} is anonymous, as
 * in the kernel; a file whose driver installs none gets {@link VmOps#DUMMY}.
 */
public final class Vma {
  /** vm_mm. */
  public final Mm mm;

  /** First byte; {@link #setRange} changes it. */
  public long start;

  /** First byte behind; {@link #setRange} changes it. */
  public long end;

  /** vm_pgoff in pages; for private anonymous memory the address at the first fault. */
  public long pgoff;

  /** vm_flags. */
  public long flags;

  /** vm_page_prot: PTE bits that the inserters use literally. */
  public long pageProt;

  /** vm_ops; null means anonymous (vma_is_anonymous). */
  public @Nullable VmOps ops;

  /** vm_file. */
  public @Nullable OpenFile file;

  /** vm_private_data. */
  public @Nullable Object privateData;

  /** anon_vma: where new anonymous pages of this VMA belong. */
  public @Nullable AnonVma anonVma;

  /** anon_vma_chain, oldest link first: every anon_vma that may hold a page mapped here. */
  public final List<AnonVma> anonVmaChain = new ArrayList<>(0);

  /** pfnmap_track_ctx of v6.16 and later. */
  public @Nullable PfnmapTrackCtx pfnmapTrackCtx;

  /** Whether it is in its address space's tree, which then must hear of new borders. */
  boolean linked;

  /** A VMA of this range; not in the tree yet. */
  public Vma(Mm mm, long start, long end, long pgoff, long flags) {
    this.mm = mm;
    this.start = start;
    this.end = end;
    this.pgoff = pgoff;
    this.flags = flags;
    this.pageProt = VmFlags.pageProt(flags);
  }

  /** vm_area_dup: the same VMA in this address space, without its anon_vma links. */
  public Vma duplicate(Mm into) {
    Vma copy = new Vma(into, start, end, pgoff, flags);
    copy.pageProt = pageProt;
    copy.ops = ops;
    copy.file = file;
    copy.privateData = privateData;
    copy.anonVma = anonVma;
    copy.pfnmapTrackCtx = pfnmapTrackCtx;
    return copy;
  }

  /**
   * Gives it other borders, between its neighbours (vma_set_range, which sets vm_pgoff too).
   *
   * @throws IllegalStateException if it is in the tree and would be empty or overtake a neighbour
   */
  public void setRange(long newStart, long newEnd) {
    if (linked) {
      mm.vmas.resize(this, newStart, newEnd);
    }
    start = newStart;
    end = newEnd;
  }

  /** vm_start_gap: where a hole below it ends; below a stack stays stack_guard_gap free. */
  public long startGap() {
    if ((flags & VmFlags.VM_GROWSDOWN) == 0) {
      return start;
    }
    long gap = start - Mm.STACK_GUARD_GAP;
    return Long.compareUnsigned(gap, start) > 0 ? 0 : gap;
  }

  /** vma_is_anonymous. */
  public boolean isAnonymous() {
    return ops == null;
  }

  /** is_cow_mapping of the flags. */
  public boolean isCowMapping() {
    return VmFlags.isCowMapping(flags);
  }

  /** vma_is_accessible: any of read, write, execute. */
  public boolean isAccessible() {
    return (flags & VmFlags.VM_ACCESS) != 0;
  }

  /** Whether all of these flag bits are set. */
  public boolean has(long bits) {
    return (flags & bits) == bits;
  }

  /** Whether any of these flag bits is set. */
  public boolean hasAny(long bits) {
    return (flags & bits) != 0;
  }

  /** Length in pages. */
  public long pages() {
    return (end - start) >>> 12;
  }

  /** linear_page_index: the object's page at this address. */
  public long pgoffOf(long address) {
    return pgoff + ((address - start) >>> 12);
  }

  /** Whether the address lies inside. */
  public boolean contains(long address) {
    return address >= start && address < end;
  }

  @Override
  public String toString() {
    return String.format("%x-%x %s @%x", start, end, VmFlags.permissions(flags), pgoff);
  }
}
