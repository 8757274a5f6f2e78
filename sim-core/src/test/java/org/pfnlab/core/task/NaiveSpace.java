package org.pfnlab.core.task;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One address space as a reader of the manual pages would write it down: pages are objects, a
 * private hole is the one zero page, and whoever gets a page gets the object.
 *
 * <pre>
 *   page   0....7 8...11 12 13....20
 *   AAAAAAAA RRRR   .  SSSSSSSS      A private rw, R private read-only, S a shared object rw
 * </pre>
 */
final class NaiveSpace {
  static final int PAGES = 22;

  /** One page of memory. */
  static final class Page {
    final byte[] bytes = new byte[4096];
    int holders;
  }

  private final Page zero;
  private final Page[] object;
  private final boolean reusesHeldPages;
  private final Map<Integer, Page> own = new HashMap<>();

  /**
   * An address space without private pages.
   *
   * @param reusesHeldPages whether a forced write to a page that somebody else holds stays in place
   */
  NaiveSpace(Page zero, Page[] object, boolean reusesHeldPages) {
    this.zero = zero;
    this.object = object;
    this.reusesHeldPages = reusesHeldPages;
  }

  static boolean isPrivateRw(int page) {
    return page >= 0 && page < 8;
  }

  static boolean isReadOnly(int page) {
    return page >= 8 && page < 12;
  }

  static boolean isShared(int page) {
    return page >= 13 && page < 21;
  }

  private static boolean isMapped(int page) {
    return isPrivateRw(page) || isReadOnly(page) || isShared(page);
  }

  /** The page that a read finds, or null where nothing is mapped. */
  @Nullable Page forReading(int page) {
    if (!isMapped(page)) {
      return null;
    }
    return isShared(page) ? object[page - 13] : own.getOrDefault(page, zero);
  }

  /** The page that a write finds or makes, or null where it is not allowed. */
  @Nullable Page forWriting(int page, boolean force) {
    if (isShared(page)) {
      return object[page - 13];
    }
    if (!isPrivateRw(page) && !(force && isReadOnly(page))) {
      return null;
    }
    Page present = own.get(page);
    boolean mustCopy =
        present != null && isReadOnly(page) && !reusesHeldPages && present.holders > 0;
    if (present != null && !mustCopy) {
      return present;
    }
    Page fresh = new Page();
    if (present != null) {
      System.arraycopy(present.bytes, 0, fresh.bytes, 0, 4096);
    }
    own.put(page, fresh);
    return fresh;
  }

  /** Reads until a page is missing; returns the bytes read. */
  int read(long at, byte[] into, int length) {
    int done = 0;
    while (done < length) {
      Page page = forReading(Math.toIntExact((at + done) >> 12));
      if (page == null) {
        break;
      }
      int start = (int) (at + done) & 0xfff;
      int n = Math.min(length - done, 4096 - start);
      System.arraycopy(page.bytes, start, into, done, n);
      done += n;
    }
    return done;
  }

  /** Writes until a page is missing or forbidden; returns the bytes written. */
  int write(long at, byte[] from, int length, boolean force) {
    int done = 0;
    while (done < length) {
      Page page = forWriting(Math.toIntExact((at + done) >> 12), force);
      if (page == null) {
        break;
      }
      int start = (int) (at + done) & 0xfff;
      int n = Math.min(length - done, 4096 - start);
      System.arraycopy(from, done, page.bytes, start, n);
      done += n;
    }
    return done;
  }
}
