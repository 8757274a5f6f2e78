package org.pfnlab.drivers.kind;

/**
 * A driver bound to a machine, as probing left it: it makes objects of one {@link Kind}. It lives
 * until the machine is reset, as a loaded module does.
 */
@FunctionalInterface
public interface Device {
  /**
   * Makes an object.
   *
   * @param pages its size; drivers round up as theirs do
   */
  ObjectUnderTest open(long pages);
}
