package org.pfnlab.lab.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.lab.BadInput;

class JsonLinesTest {
  @TempDir private Path folder;

  private Path file(byte[] content) throws IOException {
    return Files.write(folder.resolve("x"), content);
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private List<Line> lines(byte[] content) throws IOException {
    List<Line> all = new ArrayList<>();
    try (JsonLines lines = JsonLines.open(file(content), "x.jsonl")) {
      for (Line line = lines.next(); line != null; line = lines.next()) {
        all.add(line);
      }
    }
    return all;
  }

  private List<Line> lines(String content) throws IOException {
    return lines(content.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":1}\n{\"a\":2}\n",
        "{\"a\":1}\r\n{\"a\":2}\r\n",
        "{\"a\":1}\n{\"a\":2}",
        "{\"a\":1}\n\n  \n{\"a\":2}\n\n"
      })
  void readsPlainAndCompressed(String text) throws IOException {
    assertThat(lines(text)).extracting(line -> line.integer("a")).containsExactly(1L, 2L);
    assertThat(lines(gzip(text))).extracting(line -> line.integer("a")).containsExactly(1L, 2L);
  }

  @Test
  void countsBlankLines() throws IOException {
    assertThat(lines("\n\n{\"a\":1}\n")).extracting(Line::number).containsExactly(3L);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1}\\n{\"a\": | x.jsonl:2: expected one JSON object, the line ends in the middle",
        "{\"a\":1}\\n{\"a\":\"b | x.jsonl:2: expected one JSON object, the line ends in the middle",
        "{\"a\":1}\\n[1] | x.jsonl:2: expected one JSON object on the line",
        "7 | x.jsonl:1: expected one JSON object on the line",
        "{\"a\":1} {\"b\":2} | x.jsonl:1:9: expected the end of the line behind the object",
        "{\"a\":1} ] | x.jsonl:1:9: expected",
        "{\"a\":1,\"a\":2} | x.jsonl:1:11: expected one JSON object: Duplicate",
        "{\"a\":01} | x.jsonl:1:7: expected one JSON object: Invalid numeric value",
        "nonsense | x.jsonl:1:1: expected one JSON object: Unrecognized token 'nonsense'",
        "\\u0001\\u0002 | x.jsonl:1:2: expected one JSON object: Illegal character",
      })
  void namesTheDamagedLine(String text, String message) {
    String content = text.replace("\\n", "\n").replace("\\u0001", "\1").replace("\\u0002", "\2");
    assertThatThrownBy(() -> lines(content))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith(message)
        .hasMessageNotContainingAny("\n", "Source", "com.fasterxml", "StreamReadFeature");
  }

  @Test
  void nestingIsBounded() {
    assertThatThrownBy(() -> lines("{\"a\":" + "[".repeat(100_000)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1");
  }

  @Test
  void truncatedGzipNamesTheLineWhereItEnds() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 5000; i++) {
      text.append("{\"a\":").append(i * 7919 % 10_007).append("}\n");
    }
    byte[] whole = gzip(text.toString());
    byte[] half = Arrays.copyOf(whole, whole.length / 2);
    assertThatThrownBy(() -> lines(half))
        .isInstanceOf(BadInput.class)
        .hasMessageMatching("x\\.jsonl:[1-9]\\d{2,3}: the gzip data ends here, .*truncated");
    assertThatThrownBy(() -> lines(Arrays.copyOf(whole, 5)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1: expected gzip data");
  }

  @Test
  void damagedGzipIsReported() throws IOException {
    byte[] whole = gzip("{\"a\":1}\n".repeat(1000));
    whole[whole.length - 6] ^= 0x55;
    assertThatThrownBy(() -> lines(whole))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("the gzip data is damaged");
  }

  @ParameterizedTest
  @CsvSource({"0x10, 16", "16, 16", "0xfffffffffffff000, -4096", "18446744073709551615, -1"})
  void wordsAreWrittenAsInC(String text, long value) throws IOException {
    assertThat(lines("{\"w\":\"" + text + "\"}").get(0).word("w")).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"x\"", "1.5", "null", "1e3", "[1]", "99999999999999999999"})
  void wrongTypesAreReported(String value) throws IOException {
    Line line = lines("{\"w\":" + value + "}").get(0);
    assertThatThrownBy(() -> line.integer("w"))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1: expected a whole number in \"w\"");
    assertThatThrownBy(() -> line.integer("z"))
        .isInstanceOf(BadInput.class)
        .hasMessage("x.jsonl:1: expected a field \"z\"");
  }
}
