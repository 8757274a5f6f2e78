package org.pfnlab.core.mm;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * anon_vma: where the reverse map of an anonymous page begins. It knows the VMAs that may map its
 * pages (the interval tree of anon_vma_chains, here in order of linking) and the tree of forks that
 * it belongs to.
 */
public final class AnonVma {
  /** The anon_vma of the oldest ancestor. */
  public final AnonVma root;

  /** The anon_vma of the process that forked; itself for a root. */
  public final AnonVma parent;

  /** num_children: anon_vmas whose parent this is, a root counting itself. */
  public int children;

  /** num_active_vmas: VMAs whose anon_vma this is. */
  public int activeVmas;

  /** The VMAs linked to it. */
  public final List<Vma> vmas = new ArrayList<>(1);

  /** An anon_vma below its parent, or a root if there is none. */
  public AnonVma(@Nullable AnonVma parent) {
    this.parent = parent == null ? this : parent;
    this.root = parent == null ? this : parent.root;
    this.parent.children++;
  }
}
