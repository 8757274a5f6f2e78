package org.pfnlab.lab.replay.process;

/**
 * The 4096 pages that recordings talk about. Page 0 is aligned to far more than 2 MiB; where it
 * lies does not matter otherwise.
 *
 * @param base address of page 0 in bytes
 */
record Window(long base) {
  static final int PAGES = 4096;

  /** Where the recorder puts it. */
  static final Window RECORDED = new Window(0x1000_0000_0000L);

  /** The address of a page of the window, or beyond it. */
  long address(long page) {
    return base + (page << 12);
  }

  /** The address behind the window. */
  long end() {
    return address(PAGES);
  }

  /** Whether the address lies in the window. */
  boolean contains(long address) {
    return address >= base && address < end();
  }

  /** The page that holds the address. */
  long page(long address) {
    return (address - base) >> 12;
  }
}
