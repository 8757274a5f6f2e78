package org.pfnlab.core.meter;

/**
 * Who listens to the story of a run: steps that nest, notes inside them, locks taken and released.
 */
public interface Trace {
  /** Listens to nothing. */
  Trace NONE = new Trace() {};

  /** A step begins; a and b are its two telling arguments (an address, a pfn, flags). */
  default void enter(String symbol, long a, long b) {}

  /** The innermost step ends. */
  default void exit(String symbol, long result) {}

  /** A remark inside the innermost step. */
  default void note(String text) {}

  /** A lock of this class is taken. */
  default void lock(Event lock) {}

  /** A lock of this class is released. */
  default void unlock(Event lock) {}
}
