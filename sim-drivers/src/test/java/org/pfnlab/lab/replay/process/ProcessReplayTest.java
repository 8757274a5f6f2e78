package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Tally;

class ProcessReplayTest {
  private static final String HEADER =
      "{\"op\":\"meta\",\"format\":1,\"name\":\"x\",\"kernel\":\"6.18\",\"note\":\"secret\"}";

  private final List<String> seen = new ArrayList<>();

  private static Line line(int number, String json) {
    try {
      ObjectNode object = (ObjectNode) JsonMapper.builder().build().readTree(json);
      return new Line("x.jsonl", number, object);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  /** Answers everything with ok, but does not know mlock and dies of msync. */
  private final Subject subject =
      new Subject() {
        @Override
        public ObjectNode perform(Operation operation) {
          seen.add(operation.toString());
          if (operation.name().equals("mlock")) {
            throw new NotModelled("mlock");
          }
          if (operation.name().equals("msync")) {
            throw new IllegalStateException("lost");
          }
          return Answer.ok();
        }

        @Override
        public ImmutableList<String> picture(Operation operation) {
          return ImmutableList.of("AA.B");
        }
      };

  private Tally replay(String header, String... lines) {
    ProcessReplay replay =
        new ProcessReplay(
            line(1, header), subject, Window.recorded(), new Judge("v6.18.44", false));
    for (int i = 0; i < lines.length; i++) {
      replay.replay(line(i + 2, lines[i]));
    }
    return replay.judge().tally();
  }

  @Test
  void countsAndShowsWhatDiffers() {
    Tally tally =
        replay(
            HEADER,
            "{\"i\":0,\"op\":\"munmap\",\"page\":3,\"n\":2,\"r\":{\"ok\":true}}",
            "{\"i\":1,\"op\":\"munmap\",\"page\":4,\"r\":{\"err\":\"EINVAL\"}}");
    assertThat(tally.matched()).isEqualTo(1);
    assertThat(tally.mismatches())
        .singleElement()
        .satisfies(
            mismatch -> {
              assertThat(mismatch.line()).isEqualTo(3);
              assertThat(mismatch.operation()).isEqualTo("munmap page=4");
              assertThat(mismatch.expected()).hasToString("{\"err\":\"EINVAL\"}");
              assertThat(mismatch.got()).hasToString("{\"ok\":true}");
              assertThat(mismatch.picture()).containsExactly("AA.B");
            });
  }

  @Test
  void nothingIsJudgedAfterWhatIsNotModelled() {
    Tally tally =
        replay(
            HEADER,
            "{\"i\":0,\"op\":\"mlock\",\"r\":{\"ok\":true}}",
            "{\"i\":1,\"op\":\"munmap\",\"r\":{\"err\":\"EINVAL\"}}");
    assertThat(tally.matched() + tally.mismatched()).isZero();
    assertThat(tally.notJudged()).containsEntry("mlock", 1L).containsEntry("after mlock", 1L);
    assertThat(seen).containsExactly("mlock");
  }

  @Test
  void aFailureOfTheModelIsAMismatch() {
    Tally tally =
        replay(
            HEADER,
            "{\"i\":0,\"op\":\"msync\",\"flags\":\"sync\",\"r\":{\"ok\":true}}",
            "{\"i\":1,\"op\":\"munmap\",\"r\":{\"ok\":true}}");
    assertThat(tally.mismatched()).isEqualTo(1);
    assertThat(tally.mismatches().get(0).got().toString()).contains("lost");
    assertThat(tally.notJudged()).containsOnlyKeys("after a failure of the model");
  }

  @Test
  void labelsDoNotReachTheSubject() {
    replay(HEADER, "{\"i\":0,\"op\":\"munmap\",\"page\":1,\"r\":{\"ok\":true}}");
    assertThat(seen).containsExactly("munmap page=1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"i\":0,\"op\":\"munmapp\",\"r\":{\"ok\":true}} | did you mean 'munmap'?",
        "{\"i\":0,\"op\":7,\"r\":{\"ok\":true}} | expected a string in \"op\"",
        "{\"i\":0,\"r\":{\"ok\":true}} | expected a field \"op\"",
        "{\"op\":\"munmap\",\"r\":{\"ok\":true}} | expected a field \"i\"",
        "{\"i\":0,\"op\":\"munmap\"} | expected a field \"r\"",
        "{\"i\":0,\"op\":\"munmap\",\"r\":5} | expected an object in \"r\"",
        "{\"i\":0,\"op\":\"munmap\",\"r\":{}} | expected an answer in \"r\"",
        "{\"i\":0,\"op\":\"munmap\",\"r\":{\"okay\":true}} | did not expect \"okay\"",
        "{\"i\":0,\"op\":\"munmap\",\"r\":{\"ok\":\"yes\"}} | expected boolean in \"r.ok\"",
        "{\"i\":0,\"op\":\"maps\",\"r\":{\"vmas\":{}}} | expected array in \"r.vmas\"",
        "{\"i\":0,\"op\":\"munmap\",\"page\":\"3\",\"r\":{\"ok\":true}} | whole number in \"page\"",
        "{\"i\":0,\"op\":\"munmap\",\"page\":1.5,\"r\":{\"ok\":true}} | whole number in \"page\"",
        "{\"i\":0,\"op\":\"munmap\",\"val\":1,\"r\":{\"ok\":true}} | did not expect an input \"val\"",
        "{\"i\":0,\"op\":\"store\",\"page\":1,\"r\":{\"ok\":true}} | expected a field \"val\"",
        "{\"i\":0,\"op\":\"munmap\",\"rawlen\":\"0xg\",\"r\":{\"ok\":true}} | 64-bit number like",
        "{\"i\":0,\"op\":\"munmap\",\"p\":\"q1\",\"r\":{\"ok\":true}} | expected a process like p0",
        "{\"i\":-1,\"op\":\"munmap\",\"r\":{\"ok\":true}} | expected \"i\" above -1",
      })
  void damageIsReportedWithFileAndLine(String damaged, String message) {
    assertThatThrownBy(() -> replay(HEADER, damaged))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:2: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"op\":\"meta\",\"kernel\":\"6.18\"} | expected a field \"format\"",
        "{\"op\":\"meta\",\"format\":2,\"kernel\":\"6.18\"} | expected \"format\" 1",
        "{\"op\":\"meta\",\"format\":1,\"page\":65536} | expected pages of 4096 bytes",
      })
  void headersAreChecked(String header, String message) {
    assertThatThrownBy(() -> replay(header))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"6.18, v6.18.44", "6.18.2, v6.18.2", "6.1.192, v6.1.192", "v5.11, v5.11"})
  void headersNameTheKernel(String header, String release) {
    Line line = line(1, "{\"op\":\"meta\",\"kernel\":\"" + header + "\"}");
    assertThat(ProcessReplays.recordedOn(line)).hasToString(release);
  }

  @Test
  void aHeaderWithoutAKernelIsDamaged() {
    assertThatThrownBy(() -> ProcessReplays.recordedOn(line(1, "{\"kernel\":\"vista\"}")))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected a kernel release");
  }

  @Test
  void maskedBytesMatchAnything() {
    Subject reader =
        new Subject() {
          @Override
          public ObjectNode perform(Operation operation) {
            ObjectNode answer = Answer.empty().put("n", 2);
            answer.putArray("v").add(1).add(2);
            return answer;
          }

          @Override
          public ImmutableList<String> picture(Operation operation) {
            return ImmutableList.of();
          }
        };
    for (boolean masked : new boolean[] {true, false}) {
      Line header =
          line(1, "{\"op\":\"meta\",\"format\":1,\"kernel\":\"6.18\",\"masked\":" + masked + "}");
      ProcessReplay replay =
          new ProcessReplay(header, reader, Window.recorded(), new Judge("", false));
      replay.replay(
          line(2, "{\"i\":0,\"op\":\"mem_read\",\"page\":1,\"r\":{\"n\":2,\"v\":[null,2]}}"));
      assertThat(replay.judge().tally().mismatched()).isEqualTo(masked ? 0 : 1);
    }
  }
}
