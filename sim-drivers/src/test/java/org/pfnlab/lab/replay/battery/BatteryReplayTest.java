package org.pfnlab.lab.replay.battery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Tally;

class BatteryReplayTest {
  private static final String CASE =
      "{\"kind\":\"mod_e_sys_insert_pfn\",\"map\":\"shared\",\"prot\":\"rw\",\"pages\":4,"
          + "\"pre\":\"load\",\"op\":\"gup_test:gup_fast\",\"mmap\":\"ok\",\"gup_pages\":0,"
          + "\"pte_after\":{\"present\":1,\"write\":1,\"accessed\":1,\"dirty\":0,\"special\":1,"
          + "\"cache\":\"WB\",\"target\":\"modsys\",\"target_page\":0}}";

  private static Tally replay(String json) {
    return replay("v6.1.192", json);
  }

  private static Tally replay(String kernel, String json) {
    Judge judge = new Judge(kernel, false);
    BatteryReplay replay = new BatteryReplay(MachineConfig.of(KernelProfile.of(kernel)), judge);
    try {
      ObjectNode object = (ObjectNode) JsonMapper.builder().build().readTree(json);
      replay.replay(new Line("x.jsonl", 1, object));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
    return judge.tally();
  }

  @Test
  void anAlteredAnswerIsReportedWithItsPlaceAndAPicture() {
    assertThat(replay(CASE).matched()).isEqualTo(1);
    assertThat(replay(CASE.replace("\"special\":1", "\"special\":0")).mismatches())
        .singleElement()
        .satisfies(
            mismatch -> {
              assertThat(mismatch.differences())
                  .extracting(difference -> difference.path())
                  .containsExactly("pte_after.special");
              assertThat(mismatch.operation())
                  .isEqualTo(
                      "gup_test:gup_fast kind=mod_e_sys_insert_pfn map=shared prot=rw pages=4"
                          + " pre=load");
              assertThat(mismatch.picture()).contains("vmas  AAAA........", "ptes  SSSS........");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"gup_pages\":0 | \"gup_pages\":1",
        "\"mmap\":\"ok\" | \"mmap\":\"EINVAL\"",
        "\"gup_pages\":0, | ``",
        "\"gup_pages\":0 | \"gup_pages\":0,\"klog\":[\"WARNING: at x.c:1 nobody+0x1/0x2\"]",
        "\"gup_pages\":0 | \"gup_pages\":0,\"case_killed_by\":9",
        "\"target_page\":0 | \"target_page\":3",
        "\"write\":1 | \"write\":0",
      })
  void everyFieldIsCompared(String field, String altered) {
    assertThat(replay(CASE.replace(field, altered)).mismatched()).isEqualTo(1);
  }

  @Test
  void anotherRuleIsNoticed() {
    String private_ = CASE.replace("\"map\":\"shared\"", "\"map\":\"private\"");
    assertThat(replay(private_).mismatched()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "mod_e_sys_insert_pfn | mod_x_unheard_of | kind mod_x_unheard_of",
        "gup_test:gup_fast | move_to_mars | operation move_to_mars",
      })
  void whatIsUnknownIsNotJudged(String word, String other, String reason) {
    Tally tally = replay(CASE.replace(word, other));
    assertThat(tally.notJudged()).containsExactlyEntriesOf(Map.of(reason, 1L));
    assertThat(tally.matched() + tally.mismatched()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"map\":\"shared\" | \"map\":\"both\" | expected \"shared\" or \"private\" in \"map\"",
        "\"prot\":\"rw\" | \"prot\":7 | expected a string in \"prot\"",
        "\"pages\":4 | \"pages\":\"4\" | expected a whole number in \"pages\"",
        "\"pages\":4 | \"pages\":0 | expected \"pages\" from 1 to",
        "\"pages\":4 | \"pages\":123456789 | expected \"pages\" from 1 to",
        "\"pages\":4, | `` | expected a field \"pages\"",
        "\"pre\":\"load\" | \"pre\":\"sleep\" | expected none, load or store in \"pre\"",
        "\"op\":\"gup_test:gup_fast\", | `` | expected a field \"op\"",
        "\"gup_pages\":0 | \"klog\":3 | expected an array in \"klog\"",
      })
  void damageIsReported(String field, String damaged, String message) {
    assertThatThrownBy(() -> replay(CASE.replace(field, damaged)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1: ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, killed by 11", "v6.1.192, hangs", "v6.18.2, hangs"})
  void aBugHasItsFate(String kernel, String fate) {
    String json =
        "{\"kind\":\"mod_e_sys_insert_pfn_cow\",\"map\":\"private\",\"prot\":\"rw\",\"pages\":4,"
            + "\"pre\":\"none\",\"op\":\"access\",\"mmap\":\"ok\","
            + (fate.equals("hangs") ? "\"case_hung_unkillable\":true" : "\"case_killed_by\":11")
            + ",\"klog\":[\"kernel BUG at mm/memory.c:1!\",\"RIP: 0010:vmf_insert_pfn_prot+0x1/2\"]}";
    assertThat(replay(kernel, json).matched()).isEqualTo(1);
  }
}
