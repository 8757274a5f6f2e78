package org.pfnlab.lab.print;

/** What a piece of text means to the eye, where the output is a terminal with colours. */
public enum Ink {
  /** As it comes. */
  PLAIN(""),
  /** Titles. */
  BOLD("1"),
  /** What may be overlooked. */
  FAINT("2"),
  /** Works, is allowed. */
  GOOD("32"),
  /** Works, but the kernel complains; or has changed. */
  WARN("33"),
  /** Fails, or is refused. */
  BAD("31");

  private static final String ESCAPE = "\u001b[";

  private final String code;

  Ink(String code) {
    this.code = code;
  }

  /** The text between escape sequences. */
  public String paint(String text) {
    return code.isEmpty() || text.isBlank() ? text : ESCAPE + code + "m" + text + ESCAPE + "0m";
  }
}
