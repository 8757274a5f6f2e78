package org.pfnlab.drivers.ttm;

/** ttm_device_funcs: where a driver has a say. The defaults are those of a driver without hooks. */
public interface TtmDriver {
  /** A driver without hooks. */
  TtmDriver PLAIN = new TtmDriver() {};

  /**
   * Called in a fault before anything is waited for: the driver may move the buffer to where the
   * CPU reaches it.
   *
   * @return 0, or VM_FAULT_* bits of {@link org.pfnlab.core.mm.VmFault} that end the fault
   */
  default int faultReserveNotify(TtmBo bo) {
    return 0;
  }

  /** Whether there is an access_memory hook: without one, ptrace cannot read video memory. */
  default boolean canAccessVram() {
    return false;
  }

  /** Whether moves are done by the device's copy engine, so that a fence is left behind. */
  default boolean movesAsynchronously() {
    return false;
  }
}
