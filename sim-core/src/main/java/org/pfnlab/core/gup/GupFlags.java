package org.pfnlab.core.gup;

/** FOLL_*: how get_user_pages is asked, with the values of v6.18. */
public final class GupFlags {
  /** The page will be written. */
  public static final int FOLL_WRITE = 1;

  /** Takes a reference on each page (get_user_pages). */
  public static final int FOLL_GET = 1 << 1;

  /** A hole that a read would fill with zeros is an error; core dumps and move_pages. */
  public static final int FOLL_DUMP = 1 << 2;

  /** Overrides missing permissions as a debugger may. */
  public static final int FOLL_FORCE = 1 << 3;

  /** Never faults a page in. */
  public static final int FOLL_NOFAULT = 1 << 5;

  /** A poisoned page is EHWPOISON, not EFAULT. */
  public static final int FOLL_HWPOISON = 1 << 6;

  /** Only anonymous VMAs. */
  public static final int FOLL_ANON = 1 << 7;

  /** The pin may last for ever. */
  public static final int FOLL_LONGTERM = 1 << 8;

  /** Marks the page accessed, and dirty when written. */
  public static final int FOLL_TOUCH = 1 << 16;

  /** The address space is another process's. */
  public static final int FOLL_REMOTE = 1 << 18;

  /** Pins each page for DMA (pin_user_pages). */
  public static final int FOLL_PIN = 1 << 19;

  /** The fast walk only; what it cannot take stays untaken. */
  public static final int FOLL_FAST_ONLY = 1 << 20;

  /** MADV_POPULATE_*: a hole is ENOMEM and an unsuitable VMA EINVAL. */
  public static final int FOLL_MADV_POPULATE = 1 << 22;

  /** The caller lets go of mmap_lock if a fault has to wait (locked is not NULL). */
  public static final int FOLL_UNLOCKABLE = 1 << 21;

  private GupFlags() {}

  static boolean has(int flags, int bits) {
    return (flags & bits) == bits;
  }
}
