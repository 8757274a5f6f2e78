package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.lab.replay.Recordings;

class ReplayCommandTest {
  private static final Path FUZZ = Recordings.path("process/fuzz-even/basic-1000000.jsonl.gz");

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int replay(Object... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "replay";
    for (int i = 0; i < arguments.length; i++) {
      all[i + 1] = arguments[i].toString();
    }
    return Main.run(new PrintWriter(out), new PrintWriter(err), all);
  }

  private static String text(Path recording) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(recording))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private List<String> lines() {
    return out.toString().lines().toList();
  }

  @Test
  void aCleanReplayIsOneLine() {
    assertThat(replay(FUZZ)).isZero();
    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0)).matches("\\d+ matched, 0 mismatched");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void directoriesAreReplayedInOneTally() {
    assertThat(replay(Recordings.path("process/fuzz-even"), Recordings.path("process/fuzz-odd")))
        .isZero();
    assertThat(lines().get(0)).matches("2\\d{3} matched, 0 mismatched");
  }

  @Test
  void theNameDoesNotMatter() throws IOException {
    write("plain.txt", text(FUZZ));
    Files.copy(FUZZ, folder.resolve("compressed"));
    write("README.md", "# no recording");
    write("recorder.c", "int main(void) {}");
    assertThat(replay(folder)).isZero();
  }

  @Test
  void anAlteredAnswerIsAMismatch() throws IOException {
    Path altered =
        write(
            "altered.jsonl",
            text(FUZZ)
                .replace(
                    "\"page\":2,\"r\":{\"v\":0,\"tr\":\"none>zero\"}",
                    "\"page\":2,\"r\":{\"v\":7,\"tr\":\"none>zero\"}"));
    assertThat(replay(altered)).isEqualTo(1);
    assertThat(lines())
        .startsWith(
            altered + ":15: load page=2  [v6.18.44]",
            "  expected {\"v\":7,\"tr\":\"none>zero\"}",
            "  got      {\"v\":0,\"tr\":\"none>zero\"}",
            "  differs  v: expected 7, got 0",
            "    pages 0..10",
            "    vmas  .AAAAAAAAAA");
    assertThat(lines().get(lines().size() - 1)).matches("\\d+ matched, 1 mismatched");
  }

  @Test
  void theReportForProgramsIsJson() throws IOException {
    String wrong = text(FUZZ).replace("\"tr\":\"none>zero\"", "\"tr\":\"none>anon\"");
    assertThat(replay("--format", "json", write("wrong.jsonl", wrong))).isEqualTo(1);
    JsonMapper json = JsonMapper.builder().build();
    JsonNode first = json.readTree(lines().get(0)).get("mismatch");
    assertThat(first.get("line").asInt()).isEqualTo(15);
    assertThat(first.get("differences").get(0).get("path").asText()).isEqualTo("tr");
    JsonNode last = json.readTree(lines().get(lines().size() - 1));
    assertThat(last.get("mismatched").asInt()).isEqualTo(lines().size() - 1);
    assertThat(last.get("not_judged").isEmpty()).isTrue();
  }

  @Test
  void stopAtFirstStops() throws IOException {
    String wrong = text(FUZZ).replace("\"tr\":\"none>zero\"", "\"tr\":\"none>anon\"");
    write("a.jsonl", wrong);
    write("b.jsonl", wrong);
    assertThat(replay("--stop-at-first", folder)).isEqualTo(1);
    assertThat(lines().get(lines().size() - 1)).isEqualTo("13 matched, 1 mismatched");
  }

  @Test
  void theNumberOfJobsDoesNotMatter() throws IOException {
    replay("--jobs", 1, "--kernel", "v5.11", Recordings.path("process/hand"));
    String sequential = out.toString();
    out.getBuffer().setLength(0);
    replay("--jobs", 7, "--kernel", "v5.11", Recordings.path("process/hand"));
    assertThat(out).hasToString(sequential);
  }

  @Test
  void unknownOperationsAreCountedAndNamed() throws IOException {
    Path unheard =
        write(
            "unheard.jsonl",
            "{\"op\":\"meta\",\"format\":1,\"kernel\":\"6.18\"}\n"
                + "{\"i\":0,\"op\":\"open\",\"h\":\"h0\",\"kind\":\"hologram\",\"r\":{\"ok\":true}}\n"
                + "{\"i\":1,\"op\":\"munmap\",\"page\":1,\"r\":{\"ok\":true}}\n");
    assertThat(replay(unheard)).isEqualTo(1);
    assertThat(lines())
        .containsExactly(
            "2 not judged: 1 after open of hologram, 1 open of hologram",
            "0 matched, 0 mismatched");
  }

  @ParameterizedTest
  @CsvSource({
    "--kernel=v6.18.44+NO_SUCH_THING, no feature or policy is called 'NO_SUCH_THING'",
    "--kernel=banana, expected a release first",
    "--policy=no-such-policy, no policy is called 'no-such-policy'",
    "--jobs=0, --jobs needs a number above 0",
    "--format=xml, xml",
  })
  void badOptionsAreOneLine(String option, String message) {
    assertThat(replay(option, FUZZ)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("pfnlab: ")
        .contains(message);
  }

  /** Not once for each recording. */
  @Test
  void anUnknownPolicyIsSaidOnce() {
    Path many = Recordings.path("process/fuzz-even");
    assertThat(replay("--policy", "qqqqqqqq", many)).isEqualTo(2);
    assertThat(err.toString())
        .startsWith("pfnlab: no policy is called 'qqqqqqqq'; policies are ")
        .contains(", dmabuf-require-pfnmap")
        .hasLineCount(1);
  }

  @Test
  void truncatedGzipIsOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(FUZZ);
    Path cut =
        Files.write(folder.resolve("cut.jsonl.gz"), Arrays.copyOf(whole, whole.length * 2 / 3));
    assertThat(replay(cut)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString()).matches("pfnlab: .*cut\\.jsonl\\.gz:\\d+: .*truncated\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | 1: the file is empty",
        "nonsense | 1:1: expected one JSON object",
        "{\"a\":1} | 1: expected the first line of a recording",
        "{\"op\":\"meta\",\"format\":1} | 1: expected a field \"kernel\"",
        "{\"op\":\"meta\",\"format\":1,\"kernel\":\"6.18\"}\\n{\"i\":0} | 2: expected a field \"op\"",
        "{\"op\":\"meta\",\"format\":1,\"kernel\":\"6.18\"}\\n{\"i\":0,\"op\":\"exit\",\"p\":\"p4\",\"r\":{\"ok\":true}} | 2: process p4 is not alive",
        "{\"kind\":\"anon\",\"op\":\"state\"} | expected uname.txt in the recording's folder",
      })
  void damagedRecordingsAreOneLine(String content, String message) throws IOException {
    Path damaged = write("damaged.jsonl", content.replace("\\n", "\n"));
    assertThat(replay(damaged)).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("pfnlab: " + damaged + ":")
        .contains(message);
  }

  @Test
  void aDamagedRecordingDoesNotHideTheOthers() throws IOException {
    write("a.jsonl", "{\"op\":\"meta\"");
    write("b.jsonl", text(FUZZ));
    assertThat(replay(folder)).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(lines()).hasSize(1);
    assertThat(lines().get(0)).endsWith(" matched, 0 mismatched");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "uname.txt | Linux without a number | uname.txt:1: expected a kernel release like 6.1.192",
        "iomem.txt | 00001000-zzzz : System RAM | iomem.txt:1:",
        "iomem.txt | 00000000-00000000 : System RAM | iomem.txt:1:",
        "iomem.txt | a0000000-afffffff : PCI Bus 0000:00 | iomem.txt: expected some System RAM",
        "policies.txt | refuse-cows | policies.txt:1: expected the name of a policy, got 'refuse-cows'",
        "mtrr.txt | reg00: whatever | mtrr.txt: line 1: expected a line of /proc/mtrr",
      })
  void aDamagedMachineIsOneLine(String file, String content, String message) throws IOException {
    Path set = Recordings.path("linux-6.1");
    for (String name : List.of("uname.txt", "iomem.txt", "mtrr.txt")) {
      Files.copy(set.resolve(name), folder.resolve(name));
    }
    Files.copy(
        set.resolve("battery/mod_e_sys_insert_pfn.jsonl.gz"), folder.resolve("mod_e.jsonl.gz"));
    Files.writeString(folder.resolve(file), content + "\n");
    assertThat(replay(folder.resolve("mod_e.jsonl.gz"))).isEqualTo(2);
    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).singleElement().asString().contains(message);
  }

  @Test
  void missingFilesAreOneLine() {
    assertThat(replay(folder.resolve("missing"))).isEqualTo(2);
    assertThat(err)
        .hasToString("pfnlab: " + folder.resolve("missing") + ": no such file or directory\n");
  }

  @Test
  void whatNobodyJudgesIsListed() {
    assertThat(replay("--unjudged")).isZero();
    assertThat(lines()).contains("all: elapsed times");
  }

  @Test
  void helpHasAnExample() {
    assertThat(replay("--help")).isZero();
    assertThat(out.toString()).contains("Example:");
  }

  @Test
  void aGrownRecordingStaysOneLineAtATime() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(
          "{\"op\":\"meta\",\"format\":1,\"kernel\":\"6.18\"}\n".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 20_000; i++) {
        gzip.write(
            ("{\"i\":" + i + ",\"op\":\"munmap\",\"page\":" + i % 4000 + ",\"r\":{\"ok\":true}}\n")
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    Path grown = Files.write(folder.resolve("grown"), bytes.toByteArray());
    assertThat(replay(grown)).isZero();
    assertThat(lines()).containsExactly("20000 matched, 0 mismatched");
  }
}
