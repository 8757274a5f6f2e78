package org.pfnlab.lab.strace;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.TextLines;

/** A copy of /proc/pid/maps, checked: ascending, page-aligned, without overlaps. */
public final class MapsFile {
  private static final String WHAT =
      "a copy of /proc/pid/maps, lines like '7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0"
          + " [vdso]'";
  private static final int MOST_LINES = 1_000_000;
  private static final Pattern LINE =
      Pattern.compile(
          "([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][sp]) ([0-9a-f]{1,16})"
              + " ([0-9a-f]{1,8}:[0-9a-f]{1,8}) (\\d{1,20}) *(.*)");

  private MapsFile() {}

  /**
   * One VMA.
   *
   * @param start first byte
   * @param end first byte behind
   * @param permissions {@code r-xp}
   * @param offset in bytes of the file
   * @param inode device and inode, {@code fe:00 260601}; {@code 00:00 0} for none
   * @param name path, {@code [heap]} and the like, or empty; without {@code (deleted)}
   */
  public record Entry(
      long start, long end, String permissions, long offset, String inode, String name) {
    /** Whether it maps a file. */
    public boolean isFile() {
      return !inode.equals("00:00 0");
    }

    /** The line as the kernel prints it, less the inode. */
    @Override
    public String toString() {
      return "%x-%x %s %08x%s"
          .formatted(start, end, permissions, offset, name.isEmpty() ? "" : " " + name);
    }
  }

  /**
   * Reads a copy.
   *
   * @param label what messages call the file
   * @throws BadInput if it is damaged, cut off, or none
   */
  public static ImmutableList<Entry> read(Path path, String label) throws IOException {
    ImmutableList.Builder<Entry> entries = ImmutableList.builder();
    try (TextLines lines = new TextLines(path, label, WHAT, 1)) {
      long last = 0;
      for (byte[] bytes = lines.next(); bytes != null; bytes = lines.next()) {
        Entry entry = entry(label, lines.number(), new String(bytes, StandardCharsets.UTF_8));
        if (Long.compareUnsigned(entry.start, last) < 0) {
          throw BadInput.at(
              label,
              lines.number(),
              1,
              "%x lies below the end of the line before, %x".formatted(entry.start, last));
        }
        last = entry.end;
        if (!lines.isWhole() || lines.number() > MOST_LINES) {
          throw BadInput.at(
              label,
              lines.number(),
              bytes.length + 1L,
              lines.isWhole()
                  ? "more than a million lines, expected " + WHAT
                  : "the last line has no line feed, the file is cut off here: record again");
        }
        entries.add(entry);
      }
    }
    ImmutableList<Entry> all = entries.build();
    if (all.isEmpty()) {
      throw BadInput.at(label, 1, "the file is empty, expected " + WHAT);
    }
    return all;
  }

  private static Entry entry(String label, long line, String text) {
    Matcher match = LINE.matcher(text.stripTrailing());
    if (!match.matches()) {
      throw BadInput.at(label, line, 1, "expected " + WHAT);
    }
    long start = Long.parseUnsignedLong(match.group(1), 16);
    long end = Long.parseUnsignedLong(match.group(2), 16);
    if (Long.compareUnsigned(start, end) >= 0 || ((start | end) & 0xfff) != 0) {
      throw BadInput.at(
          label, line, 1, "expected page-aligned addresses, the first below the second");
    }
    return new Entry(
        start,
        end,
        match.group(3),
        Long.parseUnsignedLong(match.group(4), 16),
        match.group(5) + " " + match.group(6),
        match.group(7).replaceFirst(" \\(deleted\\)$", "").replace("\\012", "\n"));
  }
}
