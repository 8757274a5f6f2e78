package org.pfnlab.lab.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Standard output and error as UTF-8, whatever the locale. A writer swallows its errors; this
 * remembers the first one, so that a full disk is not mistaken for success.
 */
final class StandardStreams {
  private final Remembering stdout = new Remembering(FileDescriptor.out);
  private final PrintWriter out = utf8(stdout, false);
  private final PrintWriter err = utf8(new Remembering(FileDescriptor.err), true);

  PrintWriter out() {
    return out;
  }

  PrintWriter err() {
    return err;
  }

  /**
   * Flushes both streams.
   *
   * @return the status given, or 2 if standard output could not be written; a reader that went
   *     away, as {@code head} does, is no failure
   */
  int close(int status) {
    out.flush();
    IOException failure = stdout.failure;
    if (failure != null && !"Broken pipe".equals(failure.getMessage())) {
      err.print("pfnlab: standard output: " + failure.getMessage() + "\n");
      status = Failures.BAD_INPUT;
    }
    err.flush();
    return status;
  }

  private static PrintWriter utf8(OutputStream to, boolean flushLines) {
    return new PrintWriter(new OutputStreamWriter(to, StandardCharsets.UTF_8), flushLines);
  }

  /** A descriptor, buffered, that keeps its first error and then drops what it is given. */
  private static final class Remembering extends OutputStream {
    private final FileOutputStream to;
    @Nullable IOException failure;

    Remembering(FileDescriptor descriptor) {
      to = new FileOutputStream(descriptor);
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      if (failure != null) {
        return;
      }
      try {
        to.write(bytes, from, length);
      } catch (IOException e) {
        failure = e;
      }
    }
  }
}
