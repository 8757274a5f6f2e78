package org.pfnlab.lab.replay.battery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.recording.Surroundings;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Tally;

/** What three kernels reserved for two mappings of one BAR, and for one through its life. */
class MemtypeReplayTest {
  private static final int RECORDED = 452;

  private static Path recording(String set) {
    return Recordings.path(set + "/memtypes/_pat_memtype.jsonl.gz");
  }

  private static ImmutableList<Line> lines(String set) {
    ImmutableList.Builder<Line> lines = ImmutableList.builder();
    try (JsonLines file = JsonLines.open(recording(set), set)) {
      for (Line line = file.next(); line != null; line = file.next()) {
        lines.add(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines.build();
  }

  private static MachineConfig config(String set, @Nullable String kernel) {
    Surroundings around = Surroundings.of(recording(set), set);
    try {
      KernelProfile profile =
          kernel == null
              ? KernelProfile.of(around.release().toString())
              : KernelSpec.parse(kernel).profile();
      return around.machine(MachineConfig.of(profile));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Tally judge(String set, List<Line> lines) {
    MemtypeReplay replay = new MemtypeReplay(config(set, null), new Judge(set, false));
    lines.forEach(replay::replay);
    return replay.judge().tally();
  }

  @ParameterizedTest
  @ValueSource(strings = {"linux-5.11", "linux-6.1", "linux-6.18.2"})
  void agreesInEveryField(String set) throws IOException {
    Tally tally = Recordings.replay(recording(set));
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(tally.matched()).isEqualTo(RECORDED);
  }

  /** What a case leaks the later ones meet, whether or not a recording has it. */
  @ParameterizedTest
  @CsvSource({
    "linux-5.11, 3, 0",
    "linux-5.11, 3, 2",
    "linux-6.1, 3, 1",
    "linux-6.1, 40, 39",
    "linux-6.18.2, 2, 1"
  })
  void partsOfARecordingAgreeToo(String set, int of, int which) {
    List<Line> part = new ArrayList<>();
    List<Line> all = lines(set);
    for (int i = which; i < all.size(); i += of) {
      part.add(all.get(i));
    }
    Tally tally = judge(set, part);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
  }

  /** In another order every case that comes before the last one is another boot's. */
  @Test
  void aCaseThatComesEarlierBeginsAnotherBoot() {
    List<Line> last = Lists.reverse(lines("linux-6.1").subList(RECORDED - 12, RECORDED));
    assertThat(judge("linux-6.1", last).isClean()).isTrue();
    List<Line> twice = new ArrayList<>(lines("linux-5.11"));
    twice.addAll(lines("linux-5.11"));
    assertThat(judge("linux-5.11", twice).matched()).isEqualTo(2 * RECORDED);
  }

  @Test
  void theProgramHasEveryRecordedCaseInItsOrder() {
    int before = -1;
    for (Line line : lines("linux-6.18.2")) {
      int place = MemtypeProgram.placeOf(MemtypeCase.of(line));
      assertThat(place).as(line.object().toString()).isGreaterThan(before);
      before = place;
    }
    assertThat(MemtypeProgram.cases()).hasSize(678);
  }

  /** Canary: a field of each line is changed, another one from line to line; all are noticed. */
  @ParameterizedTest
  @ValueSource(strings = {"linux-5.11", "linux-6.1", "linux-6.18.2"})
  void everyChangedFieldIsNoticed(String set) {
    List<Line> changed = new ArrayList<>();
    for (Line line : lines(set)) {
      List<String> fields = new ArrayList<>();
      line.object().fieldNames().forEachRemaining(fields::add);
      fields.removeAll(MemtypeCase.INPUTS);
      String field = fields.get((int) (line.number() % fields.size()));
      ObjectNode object = line.object().deepCopy();
      object.set(field, changed(object.get(field)));
      changed.add(new Line(line.file(), line.number(), object));
    }
    Tally tally = judge(set, changed);
    assertThat(tally.mismatched()).isEqualTo(RECORDED);
    assertThat(tally.matched()).isZero();
  }

  private static JsonNode changed(JsonNode value) {
    if (value instanceof ArrayNode list) {
      return list.isEmpty() ? list.add("more") : last(list, MemtypeReplayTest::changed);
    }
    if (value instanceof ObjectNode object) {
      String field = object.fieldNames().next();
      object.set(field, changed(object.get(field)));
      return object;
    }
    String text = value.asText();
    return TextNode.valueOf(
        text.contains("[mem 0xf8") ? text.replace("[mem 0xf8", "[mem 0xf9") : text + "x");
  }

  private static JsonNode last(ArrayNode list, UnaryOperator<JsonNode> change) {
    list.set(list.size() - 1, change.apply(list.get(list.size() - 1)));
    return list;
  }

  @Test
  void aLostReservationIsNoticed() {
    Line line = lines("linux-6.1").get(0);
    line.object().put("list_after_second_lost", 1);
    assertThat(judge("linux-6.1", List.of(line)).mismatched()).isEqualTo(1);
  }

  /** What one kernel does differently from another must be noticed. */
  @ParameterizedTest
  @CsvSource({
    "linux-5.11, v6.1.192, 5",
    "linux-6.1, v5.11, 5",
    "linux-6.1, v6.1.192-PAT_PFN_FROM_PGOFF, 5",
    "linux-6.1, v6.18.2, 80",
    "linux-6.18.2, v6.1.192, 80",
    "linux-6.18.2, v6.18.2-PFNMAP_TRACK_CTX, 40",
    "linux-6.18.2, v6.18.2-X86_PAT, 300",
  })
  void anotherKernelIsNoticed(String set, String kernel, long atLeast) throws IOException {
    Tally tally = Recordings.replay(recording(set), KernelSpec.parse(kernel));
    assertThat(tally.mismatched()).isGreaterThanOrEqualTo(atLeast);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "test|\"pears\"|pair or life",
        "first_pages|[16,16]|two page numbers",
        "first_pages|[0,16,17]|two page numbers",
        "second_pages|[0,99999999999]|two page numbers",
        "second|7|a string",
      })
  void damagedInputsAreComplainedAbout(String field, String value, String words)
      throws IOException {
    Line line = lines("linux-6.1").get(0);
    line.object().set(field, new ObjectMapper().readTree(value));
    assertThatThrownBy(() -> judge("linux-6.1", List.of(line)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(words);
  }

  @Test
  void unknownWaysOfMappingAreNotJudged() {
    Line line = lines("linux-6.1").get(0);
    line.object().put("second", "mod_by_magic");
    assertThat(judge("linux-6.1", List.of(line)).notJudged())
        .containsExactly(Map.entry("kind mod_by_magic", 1L));
  }
}
