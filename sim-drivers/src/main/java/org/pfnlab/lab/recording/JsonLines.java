package org.pfnlab.lab.recording;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;

/**
 * A file of JSON objects, one a line, plain or gzip-compressed (told by the magic, not the name).
 * One line is in memory at a time; blank lines are skipped; whatever is wrong with a line becomes a
 * {@link BadInput} that names it.
 */
public final class JsonLines implements Closeable {
  /** Far above any recorded line; keeps a damaged file from filling the heap. */
  private static final int LONGEST_LINE = 64 << 20;

  private static final ObjectReader READER =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build().reader();

  /** How Jackson's messages name the bytes that they are about. */
  private static final Pattern SOURCE = Pattern.compile(" *\\(?[^(]*\\[Source:.*");

  private final String file;
  private final InputStream bytes;
  private final ByteArrayOutputStream text = new ByteArrayOutputStream(4096);
  private long line;

  private JsonLines(String file, InputStream bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /** Opens a file; the name is what messages call it. */
  public static JsonLines open(Path path, String name) throws IOException {
    return new JsonLines(name, decompressed(path, name));
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

  /** The next line, or null at the end of the file. */
  public @Nullable Line next() throws IOException {
    while (readLine()) {
      line++;
      byte[] content = text.toByteArray();
      if (!isBlank(content)) {
        return new Line(file, line, parse(content));
      }
    }
    return null;
  }

  private ObjectNode parse(byte[] content) throws IOException {
    try (JsonParser parser = READER.createParser(content)) {
      JsonNode node = parser.readValueAsTree();
      if (!(node instanceof ObjectNode object)) {
        throw BadInput.at(file, line, "expected one JSON object on the line");
      }
      if (parser.nextToken() != null) {
        long column = parser.currentTokenLocation().getColumnNr();
        throw BadInput.at(file, line, column, "expected the end of the line behind the object");
      }
      return object;
    } catch (JsonEOFException e) {
      throw BadInput.at(file, line, "expected one JSON object, the line ends in the middle of it");
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String message =
          "expected one JSON object: " + SOURCE.matcher(e.getOriginalMessage()).replaceAll("");
      throw at == null
          ? BadInput.at(file, line, message)
          : BadInput.at(file, line, at.getColumnNr(), message);
    }
  }

  /** Collects bytes up to the next line feed; false at the end of the file. */
  private boolean readLine() throws IOException {
    text.reset();
    try {
      for (int b = bytes.read(); b >= 0; b = bytes.read()) {
        if (b == '\n') {
          return true;
        }
        text.write(b);
        if (text.size() > LONGEST_LINE) {
          throw BadInput.at(file, line + 1, "the line is longer than 64 MiB, expected JSON lines");
        }
      }
    } catch (EOFException e) {
      throw BadInput.at(
          file, line + 1, "the gzip data ends here, expected more: the file is truncated");
    } catch (ZipException e) {
      throw BadInput.at(file, line + 1, "the gzip data is damaged: " + e.getMessage());
    }
    return text.size() > 0;
  }

  private static boolean isBlank(byte[] content) {
    for (byte b : content) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
