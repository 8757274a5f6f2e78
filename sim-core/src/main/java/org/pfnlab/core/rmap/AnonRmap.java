package org.pfnlab.core.rmap;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.mm.AnonVma;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;

/**
 * Who owns new anonymous pages of a VMA, and who may map them: anon_vma_prepare, anon_vma_clone,
 * anon_vma_fork, unlink_anon_vmas of mm/rmap.c.
 *
 * <p>The fork asymmetry that decides later merges comes from here: a child's VMA is linked to every
 * anon_vma of its parent's and to one of its own, so its chain has at least two links.
 */
public final class AnonRmap {
  /** Reuse looks at children and users apart instead of at their sum (degree). */
  public static final Feature ANON_VMA_NUM_CHILDREN =
      Feature.define(
          "ANON_VMA_NUM_CHILDREN",
          "2555283eb40d, v6.0: degree split into num_children and num_active_vmas",
          Releases.since("v6.0"));

  private final boolean countsApart;

  /** The rules of this kernel. */
  public AnonRmap(Kernel kernel) {
    this.countsApart = kernel.has(ANON_VMA_NUM_CHILDREN);
  }

  /**
   * anon_vma_prepare: gives the VMA an anon_vma, a neighbour's if the two could be merged but for
   * their permissions.
   *
   * @return 0
   */
  public long prepare(Vma vma) {
    if (vma.anonVma != null) {
      return 0;
    }
    AnonVma anonVma = reusable(vma);
    if (anonVma == null) {
      anonVma = new AnonVma(null);
    }
    vma.anonVma = anonVma;
    link(vma, anonVma);
    anonVma.activeVmas++;
    return 0;
  }

  private static @Nullable AnonVma reusable(Vma vma) {
    Vma next = vma.mm.vmas.next(vma);
    if (next != null && compatible(vma, next) && next.anonVmaChain.size() == 1) {
      return next.anonVma;
    }
    Vma previous = vma.mm.vmas.previous(vma.start);
    if (previous != null && compatible(previous, vma) && previous.anonVmaChain.size() == 1) {
      return previous.anonVma;
    }
    return null;
  }

  private static boolean compatible(Vma low, Vma high) {
    long ignored = VmFlags.VM_ACCESS | VmFlags.VM_SOFTDIRTY | VmFlags.VM_MAYBE_GUARD;
    return low.end == high.start
        && low.file == high.file
        && ((low.flags ^ high.flags) & ~ignored) == 0
        && high.pgoff == low.pgoff + low.pages();
  }

  /** anon_vma_clone: links dst to everything that src is linked to. */
  public void clone(Vma dst, Vma src) {
    for (int i = 0; i < src.anonVmaChain.size(); i++) {
      AnonVma anonVma = src.anonVmaChain.get(i);
      link(dst, anonVma);
      if (dst.anonVma == null && src.anonVma != null && isReusable(anonVma, src)) {
        dst.anonVma = anonVma;
      }
    }
    if (dst.anonVma != null) {
      dst.anonVma.activeVmas++;
    }
  }

  private boolean isReusable(AnonVma anonVma, Vma src) {
    if (countsApart) {
      return anonVma.children < 2 && anonVma.activeVmas == 0;
    }
    int childrenButItself = anonVma.parent == anonVma ? anonVma.children - 1 : anonVma.children;
    return anonVma != src.anonVma && childrenButItself + anonVma.activeVmas < 2;
  }

  /** anon_vma_fork: the child's VMA keeps the parent's links and gets an anon_vma of its own. */
  public void fork(Vma child, Vma parent) {
    child.anonVma = null;
    if (parent.anonVma == null) {
      return;
    }
    clone(child, parent);
    if (child.anonVma != null) {
      return;
    }
    AnonVma own = new AnonVma(parent.anonVma);
    own.activeVmas++;
    child.anonVma = own;
    link(child, own);
  }

  /** unlink_anon_vmas: the VMA goes away or no longer holds anonymous pages. */
  public void unlink(Vma vma) {
    for (AnonVma anonVma : vma.anonVmaChain) {
      anonVma.vmas.remove(vma);
      if (anonVma.vmas.isEmpty()) {
        anonVma.parent.children--;
      }
    }
    vma.anonVmaChain.clear();
    if (vma.anonVma != null) {
      vma.anonVma.activeVmas--;
      vma.anonVma = null;
    }
  }

  private static void link(Vma vma, AnonVma anonVma) {
    vma.anonVmaChain.add(anonVma);
    anonVma.vmas.add(vma);
  }
}
