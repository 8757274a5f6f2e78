package org.pfnlab.lab.recording;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;

/**
 * The lines of a file, plain or gzip-compressed (told by the magic, not the name), one in memory at
 * a time. A line longer than the limit and damaged gzip data become a {@link BadInput}.
 */
public final class TextLines implements Closeable {
  private final String file;
  private final String what;
  private final int longest;
  private final InputStream bytes;
  private final byte[] buffer = new byte[1 << 16];

  /** The start of a line whose end is not in the buffer. */
  private final ByteArrayOutputStream text = new ByteArrayOutputStream(4096);

  private int at;
  private int filled;
  private long line;
  private boolean whole = true;

  /**
   * Opens a file.
   *
   * @param name what messages call it
   * @param what is expected in it: {@code JSON lines}
   * @param longest the longest line, in MiB
   */
  public TextLines(Path path, String name, String what, int longest) throws IOException {
    this.file = name;
    this.what = what;
    this.longest = longest;
    this.bytes = decompressed(path, name);
  }

  /** The bytes of a file, decompressed if it is gzip. */
  static InputStream decompressed(Path path, String name) throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
    try {
      raw.mark(2);
      boolean gzip = raw.read() == 0x1f && raw.read() == 0x8b;
      raw.reset();
      return gzip ? new GZIPInputStream(raw, 1 << 13) : raw;
    } catch (EOFException | ZipException e) {
      raw.close();
      throw BadInput.at(name, 1, "expected gzip data behind the gzip magic: " + e.getMessage());
    }
  }

  /** The next line without its line feed, or null at the end of the file. */
  public byte @Nullable [] next() throws IOException {
    text.reset();
    while (fill()) {
      int from = at;
      while (at < filled && buffer[at] != '\n') {
        at++;
      }
      if (text.size() + at - from > longest << 20) {
        throw BadInput.at(
            file, line + 1, "the line is longer than " + longest + " MiB, expected " + what);
      }
      if (at < filled) {
        line++;
        whole = true;
        int end = at++;
        if (text.size() == 0) {
          return Arrays.copyOfRange(buffer, from, end);
        }
        text.write(buffer, from, end - from);
        return text.toByteArray();
      }
      text.write(buffer, from, at - from);
    }
    if (text.size() == 0) {
      return null;
    }
    line++;
    whole = false;
    return text.toByteArray();
  }

  /** Makes sure that the buffer has a byte; false at the end of the file. */
  private boolean fill() throws IOException {
    if (at < filled) {
      return true;
    }
    at = 0;
    filled = 0;
    try {
      filled = Math.max(0, bytes.read(buffer, 0, buffer.length));
    } catch (EOFException e) {
      throw BadInput.at(
          file, line + 1, "the gzip data ends here, expected more: the file is truncated");
    } catch (ZipException e) {
      throw BadInput.at(file, line + 1, "the gzip data is damaged: " + e.getMessage());
    }
    return filled > 0;
  }

  /** Whether the last line ended with a line feed; one that does not may be cut off. */
  public boolean isWhole() {
    return whole;
  }

  /** The number of the last line, counted from 1. */
  public long number() {
    return line;
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
