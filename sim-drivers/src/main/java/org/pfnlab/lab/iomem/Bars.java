package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;

/**
 * The device memory of a tree: what looks like a BAR.
 *
 * <p>That is a resource named after a PCI function (0000:01:00.0). In a tree without any it is a
 * leaf in the window of a PCI bus. Nothing else can be told from names.
 */
public final class Bars {
  private static final Pattern PCI_FUNCTION =
      Pattern.compile("[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-9a-f]");
  private static final String PCI_WINDOW = "PCI Bus";

  /**
   * One of them.
   *
   * @param index its place in the tree
   * @param start first byte
   * @param end last byte
   * @param name as the tree has it
   */
  public record Found(int index, long start, long end, String name) {
    /** Bytes. */
    public long size() {
      return end - start + 1;
    }
  }

  private final ImmutableList<Found> bars;

  private Bars(ImmutableList<Found> bars) {
    this.bars = bars;
  }

  /** Looks for them. */
  public static Bars of(ResourceTree tree) {
    ImmutableList<Found> functions = pciFunctions(tree);
    return new Bars(functions.isEmpty() ? leavesInWindows(tree) : functions);
  }

  private static ImmutableList<Found> pciFunctions(ResourceTree tree) {
    ImmutableList.Builder<Found> found = ImmutableList.builder();
    for (int i = 0; i < tree.size(); ) {
      if (PCI_FUNCTION.matcher(name(tree, i)).matches()) {
        found.add(bar(tree, i));
        i = tree.next(i);
      } else {
        i++;
      }
    }
    return found.build();
  }

  private static ImmutableList<Found> leavesInWindows(ResourceTree tree) {
    ImmutableList.Builder<Found> found = ImmutableList.builder();
    int windowEnd = 0;
    for (int i = 0; i < tree.size(); i++) {
      if (name(tree, i).startsWith(PCI_WINDOW)) {
        windowEnd = Math.max(windowEnd, tree.next(i));
      } else if (i < windowEnd && tree.next(i) == i + 1) {
        found.add(bar(tree, i));
      }
    }
    return found.build();
  }

  private static Found bar(ResourceTree tree, int i) {
    return new Found(i, tree.start(i), tree.end(i), name(tree, i));
  }

  static String name(ResourceTree tree, int index) {
    String name = tree.name(index);
    return name == null ? "<BAD>" : name;
  }

  /** All, by address. */
  public ImmutableList<Found> all() {
    return bars;
  }

  /** The biggest; the highest of equals; null if there is none. */
  public @Nullable Found biggest() {
    Found best = null;
    for (Found bar : bars) {
      if (best == null || bar.size() >= best.size()) {
        best = bar;
      }
    }
    return best;
  }

  /** The smallest of at least this many bytes; the highest of equals; null if there is none. */
  public @Nullable Found fitting(long size) {
    Found best = null;
    for (Found bar : bars) {
      if (bar.size() >= size && (best == null || bar.size() <= best.size())) {
        best = bar;
      }
    }
    return best;
  }
}
