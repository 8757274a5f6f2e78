package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.AnonVma;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.mm.VmaTree;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.rmap.AnonRmap;

/**
 * vma_merge (mm/mmap.c, since v6.12 mm/vma.c): whether a range may become part of its neighbours,
 * and making it so.
 *
 * <p>Neighbours join when flags (but for VM_SOFTDIRTY), struct file, offset and anon_vma permit;
 * never when a VM_SPECIAL flag is set. The anon_vma rule is the subtle one: two different ones
 * never join, and one that came through fork with more than one link takes in no stranger.
 */
public final class VmaMerge {
  /** VMAs that disappeared in a merge, or ranges that needed none of their own. */
  public static final Event MERGED = Event.define("vma.merged", "merges done");

  /**
   * An unfaulted neighbour may also take in a faulted range; before, only a faulted neighbour could
   * take in an unfaulted one.
   */
  public static final Feature MERGE_FAULTED_INTO_UNFAULTED =
      Feature.define(
          "MERGE_FAULTED_INTO_UNFAULTED",
          "879bca0a2c4f, v6.16: anonymous merges that were wrongly refused",
          Releases.since("v6.16"));

  /** Only a VMA that would be removed must lack a close operation. */
  public static final Feature MERGE_KEEPS_CLOSE =
      Feature.define(
          "MERGE_KEEPS_CLOSE",
          "v6.12, mm/vma.c: extending a VMA with vm_ops->close is fine",
          Releases.since("v6.12"));

  /** VM_MAYBE_GUARD keeps no VMAs apart and spreads over a merge. */
  public static final Feature STICKY_FLAGS =
      Feature.define(
          "STICKY_FLAGS",
          "v6.19: VM_STICKY flags are ignored by and survive merges; recorded in 6.18.44",
          Releases.since("v6.19").backportedTo("v6.18.44"));

  private final Meter meter;
  private final AnonRmap anonRmap;
  private final PfnmapTracking tracking;
  private final boolean bothWays;
  private final boolean keepsClose;
  private final long ignored;
  private final long sticky;

  /** The rules of this kernel. */
  public VmaMerge(Kernel kernel, AnonRmap anonRmap, PfnmapTracking tracking) {
    this.meter = kernel.meter;
    this.anonRmap = anonRmap;
    this.tracking = tracking;
    this.bothWays = kernel.has(MERGE_FAULTED_INTO_UNFAULTED);
    this.keepsClose = kernel.has(MERGE_KEEPS_CLOSE);
    this.sticky = kernel.has(STICKY_FLAGS) ? VmFlags.VM_MAYBE_GUARD : 0;
    this.ignored = VmFlags.VM_SOFTDIRTY | sticky;
  }

  /**
   * vma_merge_new_range: a hole [start, end) is about to be mapped; makes it part of a neighbour if
   * it may be.
   *
   * @param pgoff the new range's offset in pages
   * @param anonVma the anon_vma of the VMA it is a copy of (mremap), else null
   * @param copiedFrom that VMA, else null
   * @return the VMA that now covers the range, or null if it needs one of its own
   */
  public @Nullable Vma newRange(
      Mm mm,
      long start,
      long end,
      long flags,
      long pgoff,
      @Nullable OpenFile file,
      @Nullable AnonVma anonVma,
      @Nullable Vma copiedFrom) {
    if ((flags & VmFlags.VM_SPECIAL) != 0) {
      return null;
    }
    VmaTree tree = mm.vmas;
    Vma prev = tree.endingAt(start);
    Vma next = tree.startingAt(end);
    Vma left =
        prev != null
                && sameKind(prev, flags, file)
                && prev.pgoff + prev.pages() == pgoff
                && anonMergeable(prev, anonVma, null, copiedFrom)
            ? prev
            : null;
    Vma right =
        next != null
                && sameKind(next, flags, file)
                && pgoff + ((end - start) >>> 12) == next.pgoff
                && anonMergeable(next, anonVma, null, copiedFrom)
            ? next
            : null;
    if (left != null && right != null && !neighboursCompatible(left, right)) {
      right = null;
    }
    if (left != null && right != null && !removable(right)) {
      right = null;
    }
    if (left == null && right == null) {
      return null;
    }
    meter.count(MERGED);
    if (left != null) {
      long newEnd = end;
      if (right != null) {
        left.flags |= right.flags & sticky;
        adopt(left, right);
        newEnd = right.end;
        discard(right);
      }
      if (copiedFrom != null) {
        adopt(left, copiedFrom);
      }
      left.setRange(left.start, newEnd);
      left.flags |= flags & sticky;
      return left;
    }
    Vma grown = java.util.Objects.requireNonNull(right);
    if (copiedFrom != null) {
      adopt(grown, copiedFrom);
    }
    grown.pgoff -= (grown.start - start) >>> 12;
    grown.setRange(start, grown.end);
    grown.flags |= flags & sticky;
    return grown;
  }

  /**
   * vma_merge_existing_range: [start, end) of a VMA is about to get new flags; joins it with its
   * neighbours if that makes them alike.
   *
   * @return the VMA that now covers the range and has the flags, or null
   */
  public @Nullable Vma existing(Vma middle, long start, long end, long flags) {
    if ((flags & VmFlags.VM_SPECIAL) != 0) {
      return null;
    }
    boolean leftSide = start == middle.start;
    boolean rightSide = end == middle.end;
    VmaTree tree = middle.mm.vmas;
    Vma left = leftSide ? leftOf(tree, middle, flags) : null;
    Vma right = rightSide ? rightOf(tree, middle, flags) : null;
    if (left != null && right != null && !neighboursCompatible(left, right)) {
      right = null;
    }
    if (left == null && right == null) {
      return null;
    }
    boolean whole = leftSide && rightSide;
    if (whole && !removable(middle)) {
      return null;
    }
    if (left != null && right != null && !removable(right)) {
      right = null;
    }
    meter.count(MERGED);
    if (left != null && right != null) {
      long spread = (middle.flags | right.flags) & sticky;
      adopt(left, right.anonVma != null ? right : middle);
      long newEnd = right.end;
      discard(middle);
      discard(right);
      left.setRange(left.start, newEnd);
      left.flags |= spread;
      return left;
    }
    long spread = middle.flags & sticky;
    if (left != null) {
      adopt(left, middle);
      if (whole) {
        discard(middle);
      } else {
        middle.pgoff += (end - middle.start) >>> 12;
        middle.setRange(end, middle.end);
      }
      left.setRange(left.start, end);
      left.flags |= spread;
      return left;
    }
    Vma grown = java.util.Objects.requireNonNull(right);
    adopt(grown, middle);
    if (whole) {
      discard(middle);
    } else {
      middle.setRange(middle.start, start);
    }
    grown.pgoff -= (grown.start - start) >>> 12;
    grown.setRange(start, grown.end);
    grown.flags |= spread;
    return grown;
  }

  private @Nullable Vma leftOf(VmaTree tree, Vma middle, long flags) {
    Vma prev = tree.previous(middle.start);
    return prev != null
            && prev.end == middle.start
            && sameKind(prev, flags, middle.file)
            && prev.pgoff + prev.pages() == middle.pgoff
            && anonMergeable(prev, middle.anonVma, middle, null)
        ? prev
        : null;
  }

  private @Nullable Vma rightOf(VmaTree tree, Vma middle, long flags) {
    Vma next = tree.next(middle);
    return next != null
            && next.start == middle.end
            && sameKind(next, flags, middle.file)
            && middle.pgoff + middle.pages() == next.pgoff
            && anonMergeable(next, middle.anonVma, middle, null)
        ? next
        : null;
  }

  private boolean sameKind(Vma vma, long flags, @Nullable OpenFile file) {
    return ((vma.flags ^ flags) & ~ignored) == 0
        && vma.file == file
        && (keepsClose || removable(vma));
  }

  private static boolean removable(Vma vma) {
    return vma.ops == null || !vma.ops.hasClose();
  }

  /** is_mergeable_anon_vma: the target's side against the range's. */
  private boolean anonMergeable(
      Vma target, @Nullable AnonVma anonVma, @Nullable Vma source, @Nullable Vma copiedFrom) {
    if (!bothWays) {
      boolean oneSided = target.anonVma == null || anonVma == null;
      return (oneSided && target.anonVmaChain.size() == 1) || target.anonVma == anonVma;
    }
    if (target.anonVma == null && anonVma != null) {
      return !isForkChild(source) && !isForkChild(copiedFrom);
    }
    if (target.anonVma != null && anonVma == null) {
      return !isForkChild(target);
    }
    return target.anonVma == anonVma;
  }

  /** vma_had_uncowed_parents: it is linked to anon_vmas of other processes. */
  private static boolean isForkChild(@Nullable Vma vma) {
    return vma != null && vma.anonVma != null && vma.anonVmaChain.size() != 1;
  }

  private static boolean neighboursCompatible(Vma left, Vma right) {
    return left.anonVma == null || right.anonVma == null || left.anonVma == right.anonVma;
  }

  /** dup_anon_vma: the target takes over the source's anonymous pages. */
  private void adopt(Vma target, Vma source) {
    if (source.anonVma != null && target.anonVma == null) {
      target.anonVma = source.anonVma;
      anonRmap.clone(target, source);
    }
  }

  private void discard(Vma vma) {
    vma.mm.vmas.remove(vma);
    anonRmap.unlink(vma);
    tracking.release(vma);
    VmaLinks.unlinkFile(vma);
    if (vma.ops != null && vma.ops.hasClose()) {
      vma.ops.close(vma);
    }
    if (vma.file != null) {
      vma.file.put();
    }
  }
}
