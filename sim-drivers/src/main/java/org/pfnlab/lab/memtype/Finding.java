package org.pfnlab.lab.memtype;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;

/**
 * Something in a list that no kernel would have let in.
 *
 * @param line where it stands
 * @param text what is wrong, and the rule that it breaks
 */
record Finding(int line, String text) {
  private static final long FIRST_MIB = 1 << 20;

  /** Looks for them. */
  static ImmutableList<Finding> in(MemtypeList list, KnownMachine machine) {
    ImmutableList.Builder<Finding> found = ImmutableList.builder();
    ResourceTree tree = machine.tree();
    List<Reservation> open = new ArrayList<>();
    for (Reservation each : list.reservations()) {
      open.removeIf(before -> before.end() <= each.start());
      for (Reservation before : open) {
        if (before.type() != each.type()) {
          found.add(new Finding(each.line(), disagreement(before, each)));
          break;
        }
      }
      open.add(each);
      if (tree != null && isRam(tree, each)) {
        found.add(
            new Finding(
                each.line(),
                "System RAM is not in this list (reserve_ram_pages_type: page flags have its"
                    + " type); is it another machine's tree?"));
      }
    }
    return found.build();
  }

  private static String disagreement(Reservation before, Reservation each) {
    return "overlaps line "
        + before.line()
        + ", which is "
        + (before.type().kernelName() + ", not " + each.type().kernelName())
        + "; memtype_check_conflict lets no such pair in";
  }

  private static boolean isRam(ResourceTree tree, Reservation each) {
    long start = Math.max(each.start(), FIRST_MIB);
    return start < each.end()
        && tree.findNext(start, each.end() - 1, Iores.SYSTEM_RAM, Iores.DESC_NONE) >= 0;
  }

  /** The innermost resource that holds all of a reservation. */
  static String liesIn(ResourceTree tree, Reservation each) {
    String inner = "nothing";
    for (int i = 0; i < tree.size() && tree.start(i) <= each.start(); ) {
      if (tree.end(i) >= each.end() - 1) {
        String name = tree.name(i);
        inner = name == null ? "<BAD>" : name;
        i++;
      } else {
        i = tree.next(i);
      }
    }
    return inner;
  }
}
