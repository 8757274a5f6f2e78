package org.pfnlab.lab.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.LongNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DifferenceTest {
  private static JsonNode json(String text) throws Exception {
    return JsonMapper.builder().build().readTree(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1} | {\"a\":1} | ``",
        "{\"a\":1,\"b\":2} | {\"b\":2,\"a\":1} | ``",
        "{\"a\":1} | {\"a\":2} | a",
        "{\"a\":1} | {} | a",
        "{} | {\"a\":1} | a",
        "{\"a\":1} | {\"a\":\"1\"} | a",
        "{\"a\":true} | {\"a\":1} | a",
        "{\"a\":null} | {} | a",
        "{\"a\":[1,2,3]} | {\"a\":[1,5]} | a[1] a[2]",
        "{\"v\":[{\"x\":{\"y\":1}}],\"w\":2} | {\"v\":[{\"x\":{\"y\":2}}],\"w\":3} | v[0].x.y w",
        "{\"a\":{}} | {\"a\":[]} | a",
      })
  void findsEveryPlace(String expected, String got, String places) throws Exception {
    assertThat(Difference.between(json(expected), json(got)))
        .extracting(Difference::path)
        .containsExactly(places.isEmpty() ? new String[0] : places.split(" "));
  }

  @Test
  void numbersAreComparedByValue() throws Exception {
    assertThat(Difference.between(json("7"), LongNode.valueOf(7))).isEmpty();
    assertThat(Difference.between(json("18446744073709551615"), LongNode.valueOf(-1))).hasSize(1);
  }
}
