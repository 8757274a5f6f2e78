package org.pfnlab.core.task;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.Errno;

/**
 * How an access or a system call ended, for people and for comparing: the cold form of the longs
 * that modelled calls return.
 */
public sealed interface Outcome {
  /** It worked and returned this: bytes, an address, a count, the value that was read. */
  record Value(long value) implements Outcome {
    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /**
   * It failed.
   *
   * @param errno positive, {@link Errno}
   */
  record Err(int errno) implements Outcome {
    @Override
    public String toString() {
      return Errno.name(errno);
    }
  }

  /**
   * The process got a signal.
   *
   * @param code signal and si_code: {@code SIGSEGV/SEGV_MAPERR}
   */
  record Signal(String code) implements Outcome {
    @Override
    public String toString() {
      return code;
    }
  }

  /**
   * It ended somehow, and the kernel warned meanwhile.
   *
   * @param lines what the kernel printed
   */
  record Warned(Outcome outcome, ImmutableList<String> lines) implements Outcome {
    @Override
    public String toString() {
      return outcome + " with " + lines.size() + " lines in the log";
    }
  }

  /** A BUG fired, and the kernel went on with other tasks. */
  record Bug(String message) implements Outcome {
    @Override
    public String toString() {
      return message;
    }
  }

  /** It never came back. */
  record Hang(String message) implements Outcome {
    @Override
    public String toString() {
      return message;
    }
  }

  /** The process was killed. */
  record Killed(String message) implements Outcome {
    @Override
    public String toString() {
      return "killed: " + message;
    }
  }

  /** What a modelled system call returned: a value, or -errno. */
  static Outcome ofCall(long result) {
    return Errno.isError(result) ? new Err((int) -result) : new Value(result);
  }

  /** What {@link UserAccess} returned: a value, or one of its negative codes. */
  static Outcome ofAccess(long result) {
    if (result >= 0) {
      return new Value(result);
    }
    if (result == UserAccess.OOM_KILLED) {
      return new Killed("out of memory");
    }
    if (result == UserAccess.LOOPS) {
      return new Hang("the instruction faults for ever");
    }
    return new Signal(UserAccess.signalName(result));
  }
}
