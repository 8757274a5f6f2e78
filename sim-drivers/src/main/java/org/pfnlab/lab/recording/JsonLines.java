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
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;

/**
 * A file of JSON objects, one a line, plain or gzip-compressed (told by the magic, not the name).
 * One line is in memory at a time; blank lines are skipped; whatever is wrong with a line becomes a
 * {@link BadInput} that names it.
 */
public final class JsonLines implements Closeable {
  /** Far above any recorded line; keeps a damaged file from filling the heap. */
  private static final int LONGEST_MEBIBYTES = 64;

  private static final ObjectReader READER =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build().reader();

  /** How Jackson's messages name the bytes that they are about. */
  private static final Pattern SOURCE = Pattern.compile(" *\\(?[^(]*\\[Source:.*");

  private final String file;
  private final TextLines text;
  private long line;

  private JsonLines(String file, TextLines text) {
    this.file = file;
    this.text = text;
  }

  /** Opens a file; the name is what messages call it. */
  public static JsonLines open(Path path, String name) throws IOException {
    return new JsonLines(name, new TextLines(path, name, "JSON lines", LONGEST_MEBIBYTES));
  }

  /** The next line, or null at the end of the file. */
  public @Nullable Line next() throws IOException {
    for (byte[] content = text.next(); content != null; content = text.next()) {
      line = text.number();
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
    text.close();
  }
}
