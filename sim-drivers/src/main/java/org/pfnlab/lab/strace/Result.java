package org.pfnlab.lab.strace;

import org.jspecify.annotations.Nullable;

/**
 * What strace says a call returned.
 *
 * @param value the value; an address above 2^63 is negative
 * @param errno the symbol of the error, or null for success
 */
public record Result(long value, @Nullable String errno) {
  /** Whether the call failed. */
  public boolean failed() {
    return errno != null;
  }
}
