package org.pfnlab.core.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Makes failing random programs small enough to read. */
public final class Shrinking {
  private Shrinking() {}

  /**
   * A part of the program that still fails, from which no single step can be taken away: first
   * large pieces are left out, then ever smaller ones.
   */
  public static <T> List<T> shrink(List<T> program, Predicate<List<T>> fails) {
    List<T> smallest = program;
    for (int piece = Math.max(1, smallest.size() / 2); ; ) {
      boolean shrunk = false;
      for (int from = 0; from < smallest.size(); ) {
        List<T> without = new ArrayList<>(smallest.subList(0, from));
        without.addAll(smallest.subList(Math.min(from + piece, smallest.size()), smallest.size()));
        if (fails.test(without)) {
          smallest = without;
          shrunk = true;
        } else {
          from += piece;
        }
      }
      if (!shrunk && piece == 1) {
        return smallest;
      }
      piece = shrunk ? piece : piece / 2;
    }
  }
}
