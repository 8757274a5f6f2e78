package org.pfnlab.core.iomem;

/** Text that is no /proc/iomem: where it stops being one, and what to do about it. */
public final class IomemFormatException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String problem;
  private final int line;
  private final int column;
  private final boolean addressesHidden;

  IomemFormatException(int line, int column, String expected, String got, String advice) {
    this(line, column, false, expected, got, advice);
  }

  private IomemFormatException(
      int line, int column, boolean addressesHidden, String expected, String got, String advice) {
    super("line " + line + ", column " + column + ": " + problem(expected, got, advice));
    problem = problem(expected, got, advice);
    this.line = line;
    this.column = column;
    this.addressesHidden = addressesHidden;
  }

  static IomemFormatException hidden() {
    return new IomemFormatException(
        1,
        1,
        true,
        "addresses",
        "zeros on every line, which is what the kernel shows without CAP_SYS_ADMIN",
        "read /proc/iomem as root");
  }

  private static String problem(String expected, String got, String advice) {
    return "expected " + expected + ", got " + got + "; " + advice;
  }

  /** The message without the place. */
  public String problem() {
    return problem;
  }

  /** The line, from 1. */
  public int line() {
    return line;
  }

  /** The column, from 1. */
  public int column() {
    return column;
  }

  /**
   * Whether nothing is wrong but that every address is zero: the kernel hides them from readers
   * without CAP_SYS_ADMIN.
   */
  public boolean addressesHidden() {
    return addressesHidden;
  }
}
