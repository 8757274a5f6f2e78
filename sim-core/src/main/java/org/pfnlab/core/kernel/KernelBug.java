package org.pfnlab.core.kernel;

/**
 * A BUG_ON that fired: the kernel thread dies where it stands.
 *
 * <p>Instances are preallocated constants of the code that decides and carry no stack trace, so
 * that throwing one costs nothing. They are caught at the syscall boundary only.
 */
public final class KernelBug extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A bug constant.
   *
   * @param symbol the kernel function whose assertion fired
   * @param condition the condition, in words
   */
  public KernelBug(String symbol, String condition) {
    super("kernel BUG in " + symbol + ": " + condition, null, false, false);
  }
}
