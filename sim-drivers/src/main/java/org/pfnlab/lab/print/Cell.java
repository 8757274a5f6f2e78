package org.pfnlab.lab.print;

import org.jspecify.annotations.Nullable;

/**
 * One cell of a {@link Table}: what a person reads, and what a program reads.
 *
 * @param text for people
 * @param value for programs: a String, Boolean, Long, Integer or Double, or null for nothing
 * @param ink how it looks on a terminal
 */
public record Cell(String text, @Nullable Object value, Ink ink) {
  private static final Cell NONE = new Cell("-", null, Ink.FAINT);

  /** The same to both. */
  public static Cell of(String text) {
    return new Cell(text, text, Ink.PLAIN);
  }

  /** A number, as a person likes to read it. */
  public static Cell of(String text, Number value) {
    return new Cell(text, value, Ink.PLAIN);
  }

  /** A count, grouped for people. */
  public static Cell count(long value) {
    return new Cell(Figures.count(value), value, Ink.PLAIN);
  }

  /** Nothing to be said here. */
  public static Cell none() {
    return NONE;
  }

  /** The same cell in another ink. */
  public Cell in(Ink other) {
    return new Cell(text, value, other);
  }
}
