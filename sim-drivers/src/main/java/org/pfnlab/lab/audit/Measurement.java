package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;

/**
 * What mapping a kind's objects in every way came to. Words are {@code ok}, the name of an errno or
 * signal, {@code BUG}, or {@code -} for what could not be asked.
 *
 * @param exists whether this kernel has the driver
 * @param asksExporter whether the exporter was asked at all, rather than having no mmap operation
 * @param shared MAP_SHARED of the whole object for reading and writing
 * @param filledBy the functions of mm/ that wrote entries, and when
 * @param flags VM_* bits of that mapping, once mmap returned
 * @param slow get_user_pages
 * @param fast the lockless walk of get_user_pages_fast
 * @param copied MAP_PRIVATE of an object of four pages, and a store to it: {@link #COPIES} if all
 *     is well
 * @param copiedPage the same of an object of one page
 * @param offset MAP_SHARED of one page, one page into the object: {@code honoured} or {@code
 *     ignored}
 * @param accepted VM_* bits of each mapping that was accepted: shared, shared through a read-only
 *     descriptor, private
 */
public record Measurement(
    boolean exists,
    boolean asksExporter,
    String shared,
    String filledBy,
    long flags,
    String slow,
    String fast,
    String copied,
    String copiedPage,
    String offset,
    ImmutableList<Long> accepted) {
  /** Everything worked. */
  public static final String OK = "ok";

  /** It could not be asked. */
  public static final String NOTHING = "-";

  /** The kernel kills the task, or hangs. */
  public static final String BUG = "BUG";

  /** A private mapping that works as private mappings do. */
  public static final String COPIES = "copies";

  /** Whether the object can be mapped at all. */
  public boolean isLive() {
    return shared.equals(OK);
  }

  /** Whether every mapping that was accepted satisfies the rule. */
  public boolean passes(Rule rule) {
    return isLive() && accepted.stream().allMatch(rule::holds);
  }

  /** What MAP_PRIVATE came to, in one word or two. */
  public String privately() {
    return copied.equals(copiedPage) ? copied : copied + ", one page " + copiedPage;
  }
}
