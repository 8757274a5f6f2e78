package org.pfnlab.lab.verdict;

/**
 * The model cannot be asked this yet; the operation is counted as not judged. Caught by the
 * replayer, so it carries no stack trace.
 */
public final class NotModelled extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String what;

  /**
   * Something that is not modelled.
   *
   * @param what a noun, as the report names it: {@code open of a perf event}
   */
  public NotModelled(String what) {
    super(what, null, false, false);
    this.what = what;
  }

  /** What is not modelled. */
  public String what() {
    return what;
  }
}
