package org.pfnlab.drivers.ttm;

/** Where a buffer is: TTM_PL_SYSTEM or TTM_PL_VRAM. */
public enum MemType {
  /** In pages of system memory, which exist once somebody needs them. */
  SYSTEM,
  /** In the device's video memory, behind its BAR. */
  VRAM
}
