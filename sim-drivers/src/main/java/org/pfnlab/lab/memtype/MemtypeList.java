package org.pfnlab.lab.memtype;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.lab.BadInput;

/**
 * A copy of debugfs x86/pat_memtype_list: reservations in the order of their starts, ends
 * exclusive.
 *
 * @param name the file
 * @param reservations in the order of the list
 */
public record MemtypeList(String name, ImmutableList<Reservation> reservations) {
  private static final int LARGEST = 64 << 20;
  private static final String HEADER = "PAT memtype list:";
  private static final String BEGIN = "PAT: [mem 0x";
  private static final int DIGITS = 16;
  private static final long PAGE = 4096;
  private static final int ADDRESS_BITS = 52;
  private static final String ADVICE = "; give a copy of /sys/kernel/debug/x86/pat_memtype_list";

  /**
   * Reads a file.
   *
   * @throws BadInput with file, line and column if it is no such list
   * @throws IOException if it cannot be read
   */
  public static MemtypeList read(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw BadInput.in(path.toString(), "is a directory, expected a file" + ADVICE);
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(LARGEST + 1);
      if (bytes.length > LARGEST) {
        throw BadInput.in(path.toString(), "is larger than 64 MiB, no such list is" + ADVICE);
      }
      return parse(path.toString(), new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /**
   * Reads a list.
   *
   * @param name what messages call it
   * @throws BadInput with file, line and column if it is none
   */
  public static MemtypeList parse(String name, String text) {
    ImmutableList.Builder<Reservation> reservations = ImmutableList.builder();
    int number = 0;
    long before = 0;
    for (String line : Splitter.on('\n').split(text)) {
      number++;
      String content = line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
      if (number == 1) {
        if (!content.equals(HEADER)) {
          throw BadInput.at(
              name, 1, 1, "expected '" + HEADER + "', got " + shown(content) + ADVICE);
        }
      } else if (!content.isEmpty()) {
        Reservation reservation = new Cursor(name, number, content).reservation();
        if (reservation.start() < before) {
          throw BadInput.at(
              name,
              number,
              BEGIN.length() + 1,
              "expected a start not below the line before, got 0x"
                  + Long.toHexString(reservation.start())
                  + "; the kernel lists reservations in the order of their starts");
        }
        before = reservation.start();
        reservations.add(reservation);
      }
    }
    return new MemtypeList(name, reservations.build());
  }

  /** Reserves all of them in a machine that has just booted. */
  public void restore(Memtypes memtypes) {
    for (Reservation each : reservations) {
      memtypes.restore(each.start(), each.end(), each.type());
    }
  }

  private static String shown(String found) {
    String part = found.length() <= 40 ? found : found.substring(0, 37) + "...";
    return part.isEmpty() ? "nothing" : "'" + part + "'";
  }

  /** The mode with this name, or null. */
  static @Nullable CacheMode mode(String name) {
    for (CacheMode mode : CacheMode.values()) {
      if (mode.kernelName().equals(name)) {
        return mode;
      }
    }
    return null;
  }

  /** Reads one line from left to right. */
  private static final class Cursor {
    private final String file;
    private final int line;
    private final String text;
    private int at;

    Cursor(String file, int line, String text) {
      this.file = file;
      this.line = line;
      this.text = text;
    }

    Reservation reservation() {
      expect(BEGIN);
      long start = address();
      expect("-0x");
      int endColumn = at;
      long end = address();
      if (end <= start) {
        at = endColumn;
        throw bad("an end above the start (ends are exclusive)", "is the line damaged?");
      }
      expect("] ");
      CacheMode type = mode(text.substring(at));
      if (type == null) {
        throw bad("a cache mode like write-combining or uncached-minus", "is the line damaged?");
      }
      return new Reservation(line, start, end, type);
    }

    private void expect(String wanted) {
      if (!text.startsWith(wanted, at)) {
        for (int i = 0; i < wanted.length(); i++, at++) {
          if (at == text.length() || text.charAt(at) != wanted.charAt(i)) {
            break;
          }
        }
        throw bad("a line like 'PAT: [mem 0x" + "0".repeat(8) + "f8000000-0x...] type'", advice());
      }
      at += wanted.length();
    }

    private String advice() {
      return at == text.length() ? "the line is cut short" : "is the line damaged?";
    }

    private long address() {
      int from = at;
      while (at < text.length() && at < from + DIGITS && isHex(text.charAt(at))) {
        at++;
      }
      if (at < from + DIGITS) {
        throw bad("16 lower-case hex digits", advice());
      }
      long address = Long.parseUnsignedLong(text.substring(from, at), 16);
      if (address >>> ADDRESS_BITS != 0 || address % PAGE != 0) {
        at = from;
        throw bad(
            "a multiple of the page size with at most " + ADDRESS_BITS + " bits", "is it damaged?");
      }
      return address;
    }

    private static boolean isHex(char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }

    private BadInput bad(String expected, String advice) {
      return BadInput.at(
          file,
          line,
          at + 1,
          "expected " + expected + ", got " + shown(text.substring(at)) + "; " + advice);
    }
  }
}
