package org.pfnlab.lab.replay.counts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.KernelSpec;

/** What the program prints is what ftrace's profiler printed, under the same names. */
final class CountedProgramTest {
  /** Whose own code adds calls in some recordings, or whose calls are another process's. */
  private static final ImmutableSet<String> OTHERS_CALLS =
      ImmutableSet.of("vmsplice", "child_exit_untouched");

  private static MachineConfig machine(String kernel, String set) throws IOException {
    return MachineConfig.of(KernelSpec.parse(kernel).profile())
        .withIomem(Files.readString(Recordings.path(set + "/iomem.txt")))
        .withMtrr(Files.readString(Recordings.path(set + "/mtrr.txt")));
  }

  private static CountedProgram run(String kind, String... operations) {
    return CountedProgram.run(
        MachineConfig.of(KernelSpec.parse("v6.18.2").profile()),
        kind,
        true,
        1,
        List.of(operations));
  }

  @ParameterizedTest
  @CsvSource({
    "v5.11, linux-5.11, mod_b_bar_insert_pfn_wc, shared",
    "v5.11, linux-5.11, mod_d_sys_vm_insert_page, private",
    "v6.1.192, linux-6.1, mod_a_bar_remap_wc, shared",
    "v6.1.192, linux-6.1, mod_e_sys_insert_pfn, shared",
    "v6.1.192, linux-6.1, anon, private",
    "v6.18.2, linux-6.18.2, mod_b_bar_insert_pfn_wc, shared",
    "v6.18.2, linux-6.18.2, mod_a_bar_remap_wc, shared",
    "v6.18.2, linux-6.18.2, memfd, private",
  })
  void namesAndNumbersAreThoseOfTheRecording(String kernel, String set, String kind, String map)
      throws IOException {
    Map<String, CountedProgram.Operation> done = new HashMap<>();
    CountedProgram.run(machine(kernel, set), kind, map.equals("shared"), 16, List.of())
        .operations()
        .forEach(operation -> done.put(operation.name(), operation));
    int compared = 0;
    try (JsonLines lines =
        JsonLines.open(Recordings.path(set + "/counts/counts.jsonl.gz"), "counts")) {
      JsonNode traced = null;
      for (Line line = lines.next(); line != null; line = lines.next()) {
        if (line.has("traced_functions")) {
          traced = line.required("traced_functions");
        }
        if (line.has("kind")
            && line.text("kind").equals(kind)
            && line.required("map").asText().equals(map)
            && line.integer("n") == 16
            && done.containsKey(line.text("op"))
            && !OTHERS_CALLS.contains(line.text("op"))
            && !line.text("op").equals("fork")) {
          compare(line, done.get(line.text("op")), names(traced));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(10);
  }

  private static ImmutableSet<String> names(JsonNode traced) {
    ImmutableSet.Builder<String> names = ImmutableSet.builder();
    traced.forEach(name -> names.add(name.asText()));
    return names.build();
  }

  private static void compare(
      Line line, CountedProgram.Operation operation, ImmutableSet<String> traced) {
    CountedSymbols symbols = CountedSymbols.standard();
    Map<String, Long> recorded = new TreeMap<>();
    for (Map.Entry<String, JsonNode> count : line.node("counts").properties()) {
      String reason =
          symbols.rows().stream()
              .filter(row -> row.names().contains(count.getKey()))
              .map(row -> symbols.reasonToLeaveOut(row, operation.name()))
              .filter(r -> r != null)
              .findFirst()
              .orElse(null);
      if (symbols.compares(count.getKey()) && reason == null && count.getValue().asLong() != 0) {
        recorded.put(count.getKey(), count.getValue().asLong());
      }
    }
    Map<String, Long> printed = new TreeMap<>();
    operation
        .calls()
        .forEach(
            (name, hits) -> {
              if (!name.contains("+") && traced.contains(name)) {
                printed.put(name, hits);
              }
            });
    recorded
        .keySet()
        .removeIf(
            name ->
                !printed.containsKey(name)
                    && (isPartOfASum(name, operation) || isOutsideOf(name, printed)));
    assertThat(printed).as(operation.name()).isEqualTo(recorded);
    assertThat(operation.nodes()).isEqualTo(line.integer("iomem_nodes_visited"));
    assertThat(operation.resultText()).isEqualTo(line.required("ret").asText());
  }

  private static boolean isPartOfASum(String name, CountedProgram.Operation operation) {
    return operation.calls().keySet().stream()
        .anyMatch(printed -> List.of(printed.split("\\+", -1)).contains(name));
  }

  /** A wrapper, of whose callee the count is printed. */
  private static boolean isOutsideOf(String name, Map<String, Long> printed) {
    return CountedSymbols.standard().rows().stream()
        .flatMap(row -> row.symbols().stream())
        .anyMatch(
            alternatives ->
                alternatives.contains(name) && printed.containsKey(alternatives.get(0)));
  }

  /** A symbol that a recorded kernel could trace is in its era. */
  @ParameterizedTest
  @CsvSource({"v5.11, linux-5.11", "v6.1.192, linux-6.1", "v6.18.2, linux-6.18.2"})
  void erasHoldTheTracedSymbols(String kernel, String set) throws IOException {
    SymbolEras eras = CountedSymbols.standard().eras();
    TreeSet<String> wrong = new TreeSet<>();
    try (JsonLines lines =
        JsonLines.open(Recordings.path(set + "/counts/counts.jsonl.gz"), "counts")) {
      Line header = lines.next();
      assertThat(header).isNotNull();
      for (String traced : names(header.required("traced_functions"))) {
        if (!eras.has(traced, Version.parse(kernel))) {
          wrong.add(traced);
        }
      }
      if (header.has("not_in_this_kernel")) {
        for (JsonNode absent : header.required("not_in_this_kernel")) {
          if (CountedSymbols.standard().compares(absent.asText())
              && eras.has(absent.asText(), Version.parse(kernel))) {
            wrong.add("not in it: " + absent.asText());
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void erasNameOnlySymbolsOfTheTable() {
    assertThat(CountedSymbols.standard().eras().symbols())
        .allMatch(CountedSymbols.standard()::compares);
  }

  @Test
  void unknownNamesAreSuggested() {
    assertThatThrownBy(() -> run("memfdd"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("did you mean 'memfd'?");
    assertThatThrownBy(() -> run("memfd", "touch_lod"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("did you mean 'touch_load'?");
    assertThatThrownBy(() -> run("memfd", "zzzzzzzzzzz"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("there are null, mmap");
  }

  @Test
  void stepsBeforeTheOneAskedForAreDoneUncounted() {
    CountedProgram program = run("memfd", "munmap");
    assertThat(program.operations()).hasSize(1);
    assertThat(program.operations().get(0).calls()).containsEntry("unmap_vmas", 1L);
  }
}
