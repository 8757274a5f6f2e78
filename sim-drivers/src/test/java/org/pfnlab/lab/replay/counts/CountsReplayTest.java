package org.pfnlab.lab.replay.counts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Difference;
import org.pfnlab.lab.verdict.FunctionAgreement;
import org.pfnlab.lab.verdict.Tally;

class CountsReplayTest {
  @TempDir private Path folder;

  private static Path counts(String set) {
    return Recordings.path(set + "/counts/counts.jsonl.gz");
  }

  @ParameterizedTest
  @CsvSource({"linux-5.11, 3220", "linux-6.1, 3010"})
  void everyCountOfEveryComparedFunction(String set, long atLeast) throws IOException {
    Tally tally = Recordings.replay(counts(set));
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.matched()).isGreaterThan(atLeast);
  }

  /** Fault-around passes over the only page of a file that was just made; why is not known. */
  @Test
  void allButOneRuleOfTheNewestKernel() throws IOException {
    Tally tally = Recordings.replay(counts("linux-6.18.2"));
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isLessThanOrEqualTo(3);
    tally
        .mismatches()
        .forEach(
            each ->
                assertThat(each.differences())
                    .singleElement()
                    .extracting(Difference::path)
                    .isEqualTo("finish_fault"));
    assertThat(tally.matched()).isGreaterThan(3410);
  }

  @ParameterizedTest
  @CsvSource({"linux-5.11, v5.11", "linux-6.1, v6.1.192"})
  void aHeapThatInsertsPages(String set, String kernel) throws IOException {
    Path file = Recordings.path(set + "/patched-heap-vm-insert-page/counts.jsonl.gz");
    KernelSpec patched = KernelSpec.parse(kernel + "+heap-vm-insert-page");
    Tally tally = Recordings.replay(file, patched);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(Recordings.replay(file, KernelSpec.parse(kernel)).mismatched()).isPositive();
  }

  @Test
  void agreementIsToldByFunction() throws IOException {
    FunctionAgreement functions = Recordings.replay(counts("linux-6.1")).functions();
    assertThat(functions.compared().get("lookup_memtype").calls()).isPositive();
    assertThat(functions.compared().get("lookup_memtype").differing()).isZero();
    assertThat(functions.leftOut()).containsKey("is_type_match");
    assertThat(functions.compared()).doesNotContainKey("is_type_match");
  }

  /** One call more or less in the recording must be noticed. */
  @ParameterizedTest
  @CsvSource({
    "track_pfn_insert, lookup_memtype",
    "handle_mm_fault, handle_mm_fault",
    "copy_page_range, copy_page_range",
  })
  void oneCallMoreIsNoticed(String function, String differs) throws IOException {
    List<String> lines = new ArrayList<>(lines("linux-6.1"));
    for (int i = 1; i < lines.size(); i++) {
      String counted = "\"" + differs + "\":";
      int at = lines.get(i).indexOf(counted);
      if (at > 0 && lines.get(i).contains("\"" + function + "\"")) {
        int digit = at + counted.length();
        lines.set(i, lines.get(i).substring(0, digit) + "9" + lines.get(i).substring(digit));
        break;
      }
    }
    Tally tally = Recordings.replay(beside("linux-6.1", lines));
    assertThat(tally.mismatched()).isEqualTo(1);
    assertThat(tally.functions().compared().get(row(tally)).differing()).isEqualTo(1);
  }

  private static String row(Tally tally) {
    return tally.mismatches().get(0).differences().get(0).path();
  }

  /** What was recorded of an object that the model cannot even make is a mismatch, no failure. */
  @Test
  void anObjectThatCannotBeMadeIsAMismatch() throws IOException {
    List<String> lines = new ArrayList<>(lines("linux-6.1").subList(0, 5));
    lines.replaceAll(line -> line.replace("\"kind\":\"anon\"", "\"kind\":\"bochs_dmabuf\""));
    Tally tally = Recordings.replay(beside("linux-6.1", lines));
    assertThat(tally.mismatched()).isEqualTo(4);
    assertThat(Recordings.show(tally)).contains("ENOSYS");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"traced_functions\"', '\"traced\"', 1, traced_functions",
    "'\"n\":16,', '\"n\":0,', 29, from 1 to",
    "'\"map\":\"shared\"', '\"map\":\"both\"', 2, shared or private",
  })
  void damagedLinesAreNamed(String text, String damage, long line, String message)
      throws IOException {
    List<String> lines = new ArrayList<>(lines("linux-6.1"));
    lines.replaceAll(each -> each.replace(text, damage));
    Path damaged = beside("linux-6.1", lines);
    assertThatThrownBy(() -> Recordings.replay(damaged))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(":" + line + ":")
        .hasMessageContaining(message);
  }

  private static ImmutableList<String> lines(String set) throws IOException {
    try (GZIPInputStream bytes = new GZIPInputStream(Files.newInputStream(counts(set)))) {
      String text = new String(bytes.readAllBytes(), StandardCharsets.UTF_8);
      return ImmutableList.copyOf(text.split("\n"));
    }
  }

  /** A recording of other lines, of the same machine. */
  private Path beside(String set, List<String> lines) throws IOException {
    for (String name : ImmutableList.of("uname.txt", "iomem.txt", "mtrr.txt")) {
      Files.copy(Recordings.path(set + "/" + name), folder.resolve(name));
    }
    return Files.write(folder.resolve("counts.jsonl"), lines);
  }
}
