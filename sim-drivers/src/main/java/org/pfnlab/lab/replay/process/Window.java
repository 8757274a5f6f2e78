package org.pfnlab.lab.replay.process;

/**
 * The 4096 pages that recordings talk about. Page 0 is aligned to far more than 2 MiB; where it
 * lies does not matter otherwise.
 *
 * <p>What the kernel will not place where it is told is mapped outside and shown as pages of the
 * window all the same, from {@link #ALIAS} on; there is one such alias at a time, for all
 * processes. Page numbers and addresses translate both ways.
 */
final class Window {
  static final int PAGES = 4096;

  /** The page at which an alias is shown. */
  static final int ALIAS = 3000;

  private final long base;
  private long aliasBase;
  private long aliasPages;

  /** A window whose page 0 has this address in bytes. */
  Window(long base) {
    this.base = base;
  }

  /** A window where the recorder puts it. */
  static Window recorded() {
    return new Window(0x1000_0000_0000L);
  }

  /** The address of page 0. */
  long base() {
    return base;
  }

  /** From now on these pages at an address outside are shown at {@link #ALIAS}. */
  void alias(long address, long pages) {
    aliasBase = address;
    aliasPages = pages;
  }

  private boolean isAlias(long address) {
    return address >= aliasBase && address < aliasBase + (aliasPages << 12);
  }

  /** The address of a page of the window, of its alias, or beyond the window. */
  long address(long page) {
    return page >= ALIAS && page < ALIAS + aliasPages
        ? aliasBase + ((page - ALIAS) << 12)
        : addressInside(page);
  }

  /** The address of a page of the window itself, or beyond it. */
  long addressInside(long page) {
    return base + (page << 12);
  }

  /** The page of the window itself that holds the address. */
  long pageInside(long address) {
    return (address - base) >> 12;
  }

  /** The address behind the window. */
  long end() {
    return addressInside(PAGES);
  }

  /** Whether the address lies in the window or in its alias. */
  boolean contains(long address) {
    return isAlias(address) || (address >= base && address < end());
  }

  /** The page that holds the address. */
  long page(long address) {
    return isAlias(address) ? ALIAS + ((address - aliasBase) >> 12) : (address - base) >> 12;
  }
}
