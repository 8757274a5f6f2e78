package org.pfnlab.lab.strace;

import org.jspecify.annotations.Nullable;

/**
 * One system call of a trace: begun on one line, ended on the same line or, if others came between,
 * on a later one.
 */
public final class Call {
  /** The process or thread, as the trace numbers it. */
  public final int pid;

  /** The call's name. */
  public final String name;

  /** The line on which it began. */
  public final long began;

  private String arguments;
  private long ended;
  private @Nullable Result result;

  Call(int pid, String name, long began, String arguments) {
    this.pid = pid;
    this.name = name;
    this.began = began;
    this.arguments = arguments;
    this.ended = began;
  }

  /** It returned on this line; null if it never returns or nobody knows. */
  void end(long line, String allArguments, @Nullable Result what) {
    ended = line;
    arguments = allArguments;
    result = what;
  }

  /** What stands between the parentheses. */
  public String arguments() {
    return arguments;
  }

  /** The line on which it ended. */
  public long ended() {
    return ended;
  }

  /** What it returned; null if that is not in the trace. */
  public @Nullable Result result() {
    return result;
  }

  @Override
  public String toString() {
    return name + "(" + arguments + ")";
  }
}
