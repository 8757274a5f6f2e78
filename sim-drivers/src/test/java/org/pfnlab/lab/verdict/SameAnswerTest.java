package org.pfnlab.lab.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The quick look at two answers and the list of their differences say the same. */
class SameAnswerTest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":1}|{\"a\":1}|true",
        "{\"a\":1,\"b\":[2]}|{\"b\":[2],\"a\":1}|true",
        "{\"a\":1}|{\"b\":1}|false",
        "{\"a\":1}|{\"a\":1,\"b\":1}|false",
        "{\"a\":1,\"b\":1}|{\"a\":1}|false",
        "{\"a\":null}|{}|false",
        "{\"a\":null}|{\"a\":null}|true",
        "{\"a\":[1,2]}|{\"a\":[1]}|false",
        "{\"a\":[1]}|{\"a\":[1,2]}|false",
        "{\"a\":[1]}|{\"a\":{\"0\":1}}|false",
        "{\"a\":1}|{\"a\":\"1\"}|false",
        "{\"a\":1}|{\"a\":true}|false",
        "{\"a\":18446744073709551616}|{\"a\":18446744073709551616}|true",
        "{\"a\":18446744073709551617}|{\"a\":1}|false",
        "{\"a\":4294967296}|{\"a\":0}|false",
      })
  void fields(String expected, String got, boolean same) throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    check(mapper.readTree(expected), mapper.readTree(got), same);
  }

  @Test
  void numbersAreComparedByValue() {
    check(JSON.numberNode(7), JSON.numberNode(7L), true);
  }

  @Test
  void random() {
    for (long seed = 0; seed < 2000; seed++) {
      JsonNode one = random(new Random(seed), 3);
      JsonNode other = random(new Random(seed + new Random(seed).nextInt(2)), 3);
      assertThat(Difference.isNone(one, other))
          .as("seed %d: %s and %s", seed, one, other)
          .isEqualTo(Difference.between(one, other).isEmpty());
    }
  }

  private static void check(JsonNode expected, JsonNode got, boolean same) {
    assertThat(Difference.isNone(expected, got)).isEqualTo(same);
    assertThat(Difference.between(expected, got).isEmpty()).isEqualTo(same);
  }

  private static JsonNode random(Random random, int depth) {
    return switch (depth == 0 ? random.nextInt(3) : random.nextInt(5)) {
      case 0 -> JSON.numberNode(random.nextInt(2));
      case 1 -> JSON.textNode(random.nextBoolean() ? "a" : "b");
      case 2 -> random.nextBoolean() ? JSON.nullNode() : JSON.booleanNode(random.nextBoolean());
      case 3 -> {
        ArrayNode array = JSON.arrayNode();
        for (int i = random.nextInt(3); i > 0; i--) {
          array.add(random(random, depth - 1));
        }
        yield array;
      }
      default -> {
        ObjectNode object = JSON.objectNode();
        for (int i = random.nextInt(3); i > 0; i--) {
          object.set(random.nextBoolean() ? "x" : "y", random(random, depth - 1));
        }
        yield object;
      }
    };
  }
}
