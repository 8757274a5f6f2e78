package org.pfnlab.lab.recording;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private final ByteArrayOutputStream text = new ByteArrayOutputStream(4096);
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
      return gzip ? new BufferedInputStream(new GZIPInputStream(raw, 1 << 16), 1 << 16) : raw;
    } catch (EOFException | ZipException e) {
      raw.close();
      throw BadInput.at(name, 1, "expected gzip data behind the gzip magic: " + e.getMessage());
    }
  }

  /** The next line without its line feed, or null at the end of the file. */
  public byte @Nullable [] next() throws IOException {
    text.reset();
    boolean ended = false;
    try {
      for (int b = bytes.read(); b >= 0; b = bytes.read()) {
        if (b == '\n') {
          ended = true;
          break;
        }
        text.write(b);
        if (text.size() > longest << 20) {
          throw BadInput.at(
              file, line + 1, "the line is longer than " + longest + " MiB, expected " + what);
        }
      }
    } catch (EOFException e) {
      throw BadInput.at(
          file, line + 1, "the gzip data ends here, expected more: the file is truncated");
    } catch (ZipException e) {
      throw BadInput.at(file, line + 1, "the gzip data is damaged: " + e.getMessage());
    }
    if (!ended && text.size() == 0) {
      return null;
    }
    line++;
    whole = ended;
    return text.toByteArray();
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
