package org.pfnlab.core.kernel;

/**
 * The kernel goes round in a loop that nothing inside the machine will end: the task spins until
 * somebody kills it.
 *
 * <p>Like {@link KernelBug}, instances are preallocated constants without a stack trace, caught at
 * the syscall boundary only.
 */
public final class KernelHang extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A hang constant.
   *
   * @param symbol the kernel function that loops
   * @param reason why it never gets what it waits for, in words
   */
  public KernelHang(String symbol, String reason) {
    super(symbol + " spins: " + reason, null, false, false);
  }
}
