package org.pfnlab.lab.matrix;

import java.util.Locale;

/**
 * Something that is done to a mapping.
 *
 * @param name lower case with dashes
 * @param about what user space does, in one line
 * @param before what every page went through before
 * @param recordedAs the operation of the recordings that does the same after the same history
 * @param act does it
 */
public record Operation(String name, String about, History before, String recordedAs, Act act) {
  /** What every page went through. */
  public enum History {
    /** Nobody touched it through this mapping. */
    NONE,
    /** It was loaded from. */
    LOAD,
    /** It was stored to. */
    STORE;

    /** The recordings' word. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is done. */
  @FunctionalInterface
  public interface Act {
    /** Does it on a mapping and says how it ended, as {@link Verdict#outcome}. */
    String on(Scene scene);
  }

  @Override
  public String toString() {
    return name;
  }
}
