package org.pfnlab.lab;

import java.io.Serial;

/**
 * Something a person gave us cannot be used: the file, where in it, what is wrong and what to do
 * about it, in one line. The command line prints it as {@code pfnlab: file:line:column: message}
 * and exits 2.
 *
 * <p>The message says what was found and what was expected ({@code end 0x0fff before start 0x1000,
 * expected 'start-end : name' with start <= end}); it never names a Java class. Line breaks and
 * other control characters, which come along when a message quotes damaged input, are shown as
 * {@code ?}.
 */
public final class BadInput extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private BadInput(String message) {
    super(oneLine(message));
  }

  /** A fault that belongs to no file: an argument, an unknown kernel, an impossible size. */
  public static BadInput because(String message) {
    return new BadInput(message);
  }

  /** A fault of a file as a whole: unreadable, empty, not of the expected kind. */
  public static BadInput in(String file, String message) {
    return new BadInput(file + ": " + message);
  }

  /**
   * A fault in one line of a file.
   *
   * @param line counted from 1
   */
  public static BadInput at(String file, long line, String message) {
    return new BadInput(file + ":" + line + ": " + message);
  }

  /**
   * A fault at one place of a file.
   *
   * @param line counted from 1
   * @param column counted from 1, in characters
   */
  public static BadInput at(String file, long line, long column, String message) {
    return new BadInput(file + ":" + line + ":" + column + ": " + message);
  }

  /** The same fault, keeping what led to it for whoever debugs with {@code PFNLAB_DEBUG} set. */
  public BadInput causedBy(Throwable cause) {
    initCause(cause);
    return this;
  }

  private static String oneLine(String message) {
    StringBuilder line = new StringBuilder(message.length());
    message
        .codePoints()
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .forEach(line::appendCodePoint);
    return line.toString();
  }
}
