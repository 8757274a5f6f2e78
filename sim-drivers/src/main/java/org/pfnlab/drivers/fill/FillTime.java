package org.pfnlab.drivers.fill;

/** When a driver writes the page-table entries of a mapping. */
public enum FillTime {
  /** All of them in its mmap operation; a later fault is SIGBUS. */
  AT_MMAP,
  /** One for each fault. */
  EACH_FAULT,
  /** All of them in whichever fault finds one missing. */
  FIRST_FAULT
}
