package org.pfnlab.lab.verdict;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One place where two answers differ.
 *
 * @param path the place: {@code vmas[1].fl}
 * @param expected what the real kernel said there, null if nothing
 * @param got what the modelled kernel said there, null if nothing
 */
public record Difference(String path, @Nullable JsonNode expected, @Nullable JsonNode got) {

  /** All differences between two answers, sorted by the place; numbers are compared by value. */
  public static ImmutableList<Difference> between(JsonNode expected, JsonNode got) {
    ImmutableList.Builder<Difference> found = ImmutableList.builder();
    compare("", expected, got, found);
    return found.build();
  }

  /** Whether there is no difference between two answers. */
  public static boolean isNone(JsonNode expected, JsonNode got) {
    if (expected.isObject() && got.isObject()) {
      return expected.size() == got.size() && isSameObject(expected, got);
    }
    if (expected.isArray() && got.isArray()) {
      for (int i = 0; i < expected.size() && i < got.size(); i++) {
        if (!isNone(expected.get(i), got.get(i))) {
          return false;
        }
      }
      return expected.size() == got.size();
    }
    return sameValue(expected, got);
  }

  /** Whether as many fields have the same names and values. */
  private static boolean isSameObject(JsonNode expected, JsonNode got) {
    for (Map.Entry<String, JsonNode> field : expected.properties()) {
      JsonNode other = got.get(field.getKey());
      if (other == null || !isNone(field.getValue(), other)) {
        return false;
      }
    }
    return true;
  }

  private static void compare(
      String path,
      @Nullable JsonNode expected,
      @Nullable JsonNode got,
      ImmutableList.Builder<Difference> found) {
    if (expected == null || got == null) {
      if (expected != null || got != null) {
        found.add(new Difference(path, expected, got));
      }
    } else if (expected.isObject() && got.isObject()) {
      compareObjects(path, expected, got, found);
    } else if (expected.isArray() && got.isArray()) {
      for (int i = 0; i < Math.max(expected.size(), got.size()); i++) {
        compare(path + "[" + i + "]", expected.get(i), got.get(i), found);
      }
    } else if (!sameValue(expected, got)) {
      found.add(new Difference(path, expected, got));
    }
  }

  private static void compareObjects(
      String path, JsonNode expected, JsonNode got, ImmutableList.Builder<Difference> found) {
    TreeSet<String> names = new TreeSet<>();
    addNames(expected, names);
    addNames(got, names);
    for (String name : names) {
      String inner = path.isEmpty() ? name : path + "." + name;
      compare(inner, expected.get(name), got.get(name), found);
    }
  }

  private static void addNames(JsonNode object, TreeSet<String> names) {
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      names.add(field.getKey());
    }
  }

  private static boolean sameValue(JsonNode expected, JsonNode got) {
    if (expected.isIntegralNumber() && got.isIntegralNumber()) {
      if (expected.canConvertToLong() && got.canConvertToLong()) {
        return expected.longValue() == got.longValue();
      }
      return expected.bigIntegerValue().equals(got.bigIntegerValue());
    }
    return expected.equals(got);
  }
}
