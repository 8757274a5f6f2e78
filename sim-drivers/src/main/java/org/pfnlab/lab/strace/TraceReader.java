package org.pfnlab.lab.strace;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.TextLines;

/**
 * Reads the output of {@code strace -f}: process ids in front, plain or as {@code [pid N]}; calls
 * interrupted by others as {@code <unfinished ...>} and {@code <... resumed>}; signals, exits, and
 * optional times.
 */
public final class TraceReader {
  private static final int LONGEST_MEBIBYTES = 1;
  private static final int MOST_CALLS = 4_000_000;
  private static final long MOST_TEXT = 256L << 20;
  private static final String WHAT = "strace output, one call a line";
  private static final String UNFINISHED = "<unfinished ...>";

  private static final Pattern PREFIX = Pattern.compile("(?:\\[pid +(\\d+)\\]|(\\d+)(?=\\s)) *");
  private static final Pattern TIME =
      Pattern.compile("(?:\\d+:\\d\\d:\\d\\d(?:\\.\\d+)?|\\d+\\.\\d+)(?: \\([^)]*\\))? +");
  private static final Pattern NAME = Pattern.compile("([a-z_][a-z0-9_]*)\\(");
  private static final Pattern RESUMED =
      Pattern.compile("<\\.\\.\\. ([a-z_][a-z0-9_]*) resumed> ?");
  private static final Pattern SUPERSEDED = Pattern.compile("superseded by execve in pid (\\d+)");
  private static final Pattern RESULT =
      Pattern.compile(
          "\\s*= (?:(\\?)|(NULL)|(-?\\d+|0x[0-9a-fA-F]+))(?: (E[A-Z0-9]+|\\(errno \\d+\\)))?"
              + "(?=$|[\\s<(]).*");

  private static final ImmutableSet<String> OTHER_CALLS = otherCalls();

  private final String file;
  private final ImmutableList.Builder<TraceEvent> events = ImmutableList.builder();
  private final Map<Integer, Call> begun = new HashMap<>();
  private long line;
  private int calls;
  private long retained;

  private TraceReader(String file) {
    this.file = file;
  }

  private static ImmutableSet<String> otherCalls() {
    try {
      String text =
          Resources.toString(
              Resources.getResource(TraceReader.class, "other-calls.txt"), StandardCharsets.UTF_8);
      return ImmutableSet.copyOf(
          Splitter.onPattern("\\s+").omitEmptyStrings().split(text.replaceAll("(?m)^#.*$", "")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a trace.
   *
   * @param name what messages call the file
   * @throws BadInput if it is damaged, cut off, or no trace
   */
  public static Trace read(Path path, String name) throws IOException {
    try (TextLines lines = new TextLines(path, name, WHAT, LONGEST_MEBIBYTES)) {
      return new TraceReader(name).read(lines);
    }
  }

  private Trace read(TextLines lines) throws IOException {
    for (byte[] bytes = lines.next(); bytes != null; bytes = lines.next()) {
      line = lines.number();
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      checkCharacters(text);
      readLine(text.stripTrailing());
      if (!lines.isWhole()) {
        throw BadInput.at(
            file,
            line,
            text.length() + 1L,
            "the last line has no line feed, the trace is cut off here: remove the line or record"
                + " again");
      }
    }
    if (line == 0) {
      throw BadInput.at(file, 1, "the file is empty, expected " + WHAT);
    }
    return new Trace(file, events.build(), line);
  }

  private void checkCharacters(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
        throw bad(i, "found the control character 0x%02x, expected %s".formatted((int) c, WHAT));
      }
    }
  }

  private BadInput bad(int index, String message) {
    return BadInput.at(file, line, index + 1L, message);
  }

  private void readLine(String text) {
    if (text.isEmpty() || text.startsWith("strace: ") || text.startsWith("Process ")) {
      return;
    }
    int pid = 0;
    int at = 0;
    Matcher prefix = PREFIX.matcher(text);
    if (prefix.lookingAt()) {
      String digits = prefix.group(1) == null ? prefix.group(2) : prefix.group(1);
      pid = pid(digits, prefix.start());
      at = prefix.end();
    }
    Matcher time = TIME.matcher(text).region(at, text.length());
    if (time.lookingAt()) {
      at = time.end();
    }
    if (text.startsWith("--- ", at)) {
      return;
    }
    if (text.startsWith("+++ ", at)) {
      gone(pid, text, at);
      return;
    }
    Matcher resumed = RESUMED.matcher(text).region(at, text.length());
    if (resumed.lookingAt()) {
      resume(pid, named(resumed.group(1)), text, resumed.end());
      return;
    }
    Matcher name = NAME.matcher(text).region(at, text.length());
    if (name.lookingAt()) {
      begin(pid, named(name.group(1)), text, name.end());
    } else if (!text.startsWith("???(", at)) {
      throw bad(at, "expected a call like 'munmap(0x7ffff7fb1000, 4096) = 0'" + found(text, at));
    }
  }

  /** An older strace knows mseal by its number only. */
  private static String named(String name) {
    return name.equals("syscall_0x1ce") ? "mseal" : name;
  }

  private static String found(String text, int at) {
    String rest = text.substring(Math.min(at, text.length()));
    return rest.isEmpty()
        ? ", the line ends here"
        : ", found '" + (rest.length() > 40 ? rest.substring(0, 40) + "..." : rest) + "'";
  }

  private int pid(String digits, int at) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      throw bad(at, "expected a process id, found " + digits.length() + " digits");
    }
  }

  private void gone(int pid, String text, int at) {
    Matcher superseded = SUPERSEDED.matcher(text).region(at, text.length());
    if (superseded.find()) {
      // The thread that calls execve goes on under the number of its leader.
      int thread = pid(superseded.group(1), superseded.start(1));
      Call call = begun.remove(thread);
      begun.remove(pid);
      if (call != null) {
        begun.put(pid, call);
      }
      events.add(new TraceEvent.Gone(thread, line));
      return;
    }
    begun.remove(pid);
    events.add(new TraceEvent.Gone(pid, line));
  }

  private void begin(int pid, String name, String text, int at) {
    Call unended = begun.get(pid);
    if (unended != null) {
      throw bad(
          0,
          "process "
              + pid
              + " is in the middle of "
              + unended.name
              + " since line "
              + unended.began
              + ", expected '<... "
              + unended.name
              + " resumed>'");
    }
    String rest = text.substring(at);
    if (rest.endsWith(UNFINISHED)) {
      Call call = new Call(pid, name, line, rest.substring(0, rest.length() - UNFINISHED.length()));
      begun.put(pid, call);
      if (keeps(call)) {
        events.add(new TraceEvent.Begin(call));
      }
      return;
    }
    Call call = new Call(pid, name, line, "");
    end(call, rest, text, at);
    if (keeps(call)) {
      events.add(new TraceEvent.End(pid, call));
    }
  }

  private void resume(int pid, String name, String text, int at) {
    Call call = begun.remove(pid);
    if (call == null || !call.name.equals(name)) {
      if (call != null) {
        throw bad(
            at,
            "process %d is in the middle of %s since line %d, it cannot resume %s"
                .formatted(pid, call.name, call.began, name));
      }
      return;
    }
    String rest = text.substring(at);
    if (rest.endsWith(UNFINISHED)) {
      begun.put(pid, call);
      return;
    }
    end(call, call.arguments() + rest, text, at - call.arguments().length());
    if (!OTHER_CALLS.contains(call.name)) {
      events.add(new TraceEvent.End(pid, call));
    }
  }

  /** Splits "arguments) = result"; the shift leads from there to columns of the line. */
  private void end(Call call, String all, String text, int shift) {
    int close = ArgumentScan.close(all);
    if (close < 0) {
      throw bad(
          text.length(), "the line ends in the middle of a call, expected ') = ' and a result");
    }
    Matcher result = RESULT.matcher(all).region(close + 1, all.length());
    if (!result.matches()) {
      throw bad(
          Math.max(0, close + 1 + shift),
          "expected ' = ' and a result like 0, 0x7ffff7fb1000 or -1 EINVAL"
              + found(all, close + 1));
    }
    call.end(line, all.substring(0, close), result(result, shift));
  }

  private @Nullable Result result(Matcher result, int shift) {
    if (result.group(1) != null) {
      return null;
    }
    String errno = result.group(4);
    if (result.group(2) != null) {
      return new Result(0, null);
    }
    String digits = result.group(3);
    boolean failed = digits.equals("-1") && errno != null;
    try {
      long value =
          digits.startsWith("0x")
              ? Long.parseUnsignedLong(digits.substring(2), 16)
              : Long.parseLong(digits);
      return new Result(value, failed ? errno.replaceAll("[()]", "") : null);
    } catch (NumberFormatException e) {
      throw bad(
          Math.max(0, result.start(3) + shift),
          "the result has more than 64 bits, expected one like 0x7ffff7fb1000");
    }
  }

  /** Counts what stays in memory; calls that nobody replays do not. */
  private boolean keeps(Call call) {
    if (OTHER_CALLS.contains(call.name)) {
      return false;
    }
    calls++;
    retained += call.arguments().length();
    if (calls > MOST_CALLS || retained > MOST_TEXT) {
      throw BadInput.at(
          file, line, "the trace is too long: more than 4 million calls or 256 MiB of arguments");
    }
    return true;
  }
}
