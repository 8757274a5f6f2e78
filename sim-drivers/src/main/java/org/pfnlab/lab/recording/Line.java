package org.pfnlab.lab.recording;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;

/**
 * One line of a recording: a JSON object and where it stands. The accessors check types and ranges;
 * what does not fit is a {@link BadInput} that names the field and what it should hold.
 *
 * @param file the file as the user named it
 * @param number counted from 1
 * @param object the line's object
 */
public record Line(String file, long number, ObjectNode object) {

  /** Something is wrong with this line. */
  public BadInput bad(String message) {
    return BadInput.at(file, number, message);
  }

  /** Whether the field is there. */
  public boolean has(String field) {
    return object.has(field);
  }

  /** A field that must be there. */
  public JsonNode required(String field) {
    JsonNode node = object.get(field);
    if (node == null) {
      throw bad("expected a field \"" + field + "\"");
    }
    return node;
  }

  /** A string that must be there. */
  public String text(String field) {
    return asText(field, required(field));
  }

  /** A string, or null where the field is absent. */
  public @Nullable String textOrNull(String field) {
    JsonNode node = object.get(field);
    return node == null ? null : asText(field, node);
  }

  /** A string, or the default where the field is absent. */
  public String text(String field, String otherwise) {
    JsonNode node = object.get(field);
    return node == null ? otherwise : asText(field, node);
  }

  private String asText(String field, JsonNode node) {
    if (!node.isTextual()) {
      throw bad("expected a string in \"" + field + "\", found " + shortened(node));
    }
    return node.textValue();
  }

  /** A whole number that must be there. */
  public long integer(String field) {
    return asInteger(field, required(field));
  }

  /** A whole number, or the default where the field is absent. */
  public long integer(String field, long otherwise) {
    JsonNode node = object.get(field);
    return node == null ? otherwise : asInteger(field, node);
  }

  private long asInteger(String field, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw bad("expected a whole number in \"" + field + "\", found " + shortened(node));
    }
    return node.longValue();
  }

  /**
   * A 64-bit number written as C does (0x, 0, decimal) in a string, or as a JSON number.
   *
   * @return the bits; addresses above 2^63 are negative
   */
  public long word(String field) {
    JsonNode node = required(field);
    try {
      if (node.isIntegralNumber()) {
        return fitting(node.bigIntegerValue());
      }
      if (node.isTextual()) {
        return fitting(parse(node.textValue()));
      }
    } catch (NumberFormatException e) {
      // reported below, like everything else that is no number
    }
    throw bad(
        "expected a 64-bit number like 0x7f00 in \"" + field + "\", found " + shortened(node));
  }

  private static BigInteger parse(String text) {
    if (text.startsWith("0x") || text.startsWith("0X")) {
      return new BigInteger(text.substring(2), 16);
    }
    return new BigInteger(text);
  }

  private static long fitting(BigInteger value) {
    if (value.bitLength() > 64) {
      throw new NumberFormatException("wider than 64 bits");
    }
    return value.longValue();
  }

  /** An object that must be there. */
  public ObjectNode node(String field) {
    JsonNode node = required(field);
    if (node instanceof ObjectNode inner) {
      return inner;
    }
    throw bad("expected an object in \"" + field + "\", found " + shortened(node));
  }

  /**
   * Refuses fields that nobody would look at, because ignoring an input would change its meaning.
   */
  public void allow(Set<String> known) {
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      String name = field.getKey();
      if (!known.contains(name)) {
        throw bad("did not expect a field \"" + name + "\" here");
      }
    }
  }

  /** A JSON value, cut to fit into one line. */
  public static String shortened(JsonNode node) {
    String text = node.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }
}
