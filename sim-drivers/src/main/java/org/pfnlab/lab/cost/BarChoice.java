package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.Bars;
import org.pfnlab.lab.iomem.IomemFile;

/**
 * The BAR that strategies fill page tables from, and the tree that it is in.
 *
 * <p>Without a wish it is the biggest of the tree. With one it is the smallest that is big enough;
 * if none is, one of that size is put into the highest gap of a PCI window, and if there is none,
 * above everything else in a window of its own, as firmware does with large BARs. Of equals, the
 * highest.
 *
 * @param tree the tree, with the BAR in it
 * @param bar the BAR, whole pages of it
 * @param name what the tree calls it
 * @param isMadeUp whether it was put into the tree
 */
public record BarChoice(IomemFile tree, Bar bar, String name, boolean isMadeUp) {
  private static final long PAGE = 4096;
  private static final long HIGHEST = 1L << 51;
  private static final String MADE_UP = "0000:ff:1f.0";

  /**
   * Chooses.
   *
   * @param size how large it shall be at least, in bytes; 0: the biggest there is
   * @return null if there is no wish and the tree has no BAR of a page
   * @throws BadInput if there is no place for it
   */
  public static @Nullable BarChoice in(IomemFile file, ResourceTree tree, long size) {
    Bars bars = Bars.of(tree);
    Bars.Found found = size == 0 ? bars.biggest() : bars.fitting(size);
    if (found == null) {
      return size == 0 ? null : madeUp(file, tree, (size + PAGE - 1) & -PAGE);
    }
    long start = (found.start() + PAGE - 1) & -PAGE;
    long end = (found.end() + 1) & -PAGE;
    if (start >= end) {
      return null;
    }
    return new BarChoice(file, new Bar(start, end - start), found.name(), false);
  }

  private static BarChoice madeUp(IomemFile file, ResourceTree tree, long size) {
    long alignment = Long.highestOneBit(size) == size ? size : Long.highestOneBit(size) << 1;
    long start = highestGap(tree, size, alignment);
    int parent = ResourceTree.ROOT;
    if (start < 0) {
      long top = tree.size() == 0 ? 0 : lastEnd(tree) + 1;
      start = (top + alignment - 1) & -alignment;
      if (start < top || start + size > HIGHEST) {
        throw BadInput.because(
            "--bar: no room for " + size + " bytes in this tree; ask for a smaller BAR");
      }
      parent =
          Math.toIntExact(
              tree.insertResource(
                  ResourceTree.ROOT, start, start + size - 1, "PCI Bus 0000:ff", Iores.MEM, 0));
    }
    tree.insertResource(parent, start, start + size - 1, MADE_UP, Iores.MEM, Iores.DESC_NONE);
    IomemFile with = new IomemFile(file.name(), IomemText.print(tree));
    return new BarChoice(with, new Bar(start, size), MADE_UP, true);
  }

  private static long lastEnd(ResourceTree tree) {
    long end = 0;
    for (int i = 0; i < tree.size(); i = tree.next(i)) {
      end = tree.end(i);
    }
    return end;
  }

  /** The highest aligned start of a gap between the children of any PCI window, or -1. */
  private static long highestGap(ResourceTree tree, long size, long alignment) {
    long best = -1;
    for (int i = 0; i < tree.size(); i++) {
      String name = tree.name(i);
      if (name != null && name.startsWith("PCI Bus")) {
        long above = tree.end(i) + 1;
        ImmutableList<Integer> children = childrenFromTheTop(tree, i);
        for (int child : children) {
          best = Math.max(best, fit(tree.end(child) + 1, above, size, alignment));
          above = tree.start(child);
        }
        best = Math.max(best, fit(tree.start(i), above, size, alignment));
      }
    }
    return best;
  }

  private static ImmutableList<Integer> childrenFromTheTop(ResourceTree tree, int index) {
    ImmutableList.Builder<Integer> children = ImmutableList.builder();
    for (int i = index + 1; i < tree.next(index); i = tree.next(i)) {
      children.add(i);
    }
    return children.build().reverse();
  }

  /** The highest aligned start of size bytes in [from, to), or -1. */
  private static long fit(long from, long to, long size, long alignment) {
    long start = (to - size) & -alignment;
    return start >= from && to - size >= from ? start : -1;
  }
}
