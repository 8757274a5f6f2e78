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

class DmaMmapReplayTest {
  private static final String BUFFER =
      "{\"kind\":\"mod_j_dma_coherent_iommu\",\"test\":\"buffer\",\"buffer_pages\":4,"
          + "\"device_dma_ops\":\"iommu_dma_ops\",\"device_iommu_domain\":\"dma\","
          + "\"cpu_address\":\"vmalloc\",\"physically_contiguous_runs\":4,"
          + "\"dma_address_is_physical\":false,\"page_count_first\":1,\"page_count_last\":1,"
          + "\"PageReserved\":0,\"PageCompound\":0}";

  private static final String PINNED =
      "{\"kind\":\"mod_l_dma_noncontiguous_iommu\",\"test\":\"vm_flags\",\"map\":\"shared\","
          + "\"prot\":\"rw\",\"pages\":4,\"vm_flags_policy\":\"pin_outlives_buffer\","
          + "\"vmsplice\":4096,\"page_count_first_while_pinned\":3,\"new_buffers\":200,"
          + "\"pipe_read\":4096,\"pipe_word\":\"0x1111222233330000\","
          + "\"pipe_sees_new_buffer\":false}";

  private static final String REFUSED =
      "{\"kind\":\"mod_k_dma_wc_iommu\",\"test\":\"vm_flags\",\"map\":\"private\","
          + "\"prot\":\"rw\",\"pages\":4,"
          + "\"vm_flags_policy\":\"required_PFNMAP_after_mmap_or_EINVAL\",\"mmap\":\"EINVAL\","
          + "\"page_count_first_after\":1,\"page_count_last_after\":1}";

  private static final String BUG =
      "{\"kind\":\"mod_j_dma_coherent_iommu\",\"test\":\"vm_flags\",\"map\":\"shared\","
          + "\"prot\":\"rw\",\"pages\":4,\"vm_flags_policy\":\"PFNMAP_set_before_mmap\","
          + "\"case_hung_unkillable\":true,\"klog\":[\"kernel BUG at mm/memory.c:1!\","
          + "\"RIP: 0010:vm_insert_page+0x1/0x2\"]}";

  private static Tally replay(String json) {
    Judge judge = new Judge("v6.1.192", false);
    DmaMmapReplay replay = new DmaMmapReplay(MachineConfig.of(KernelProfile.of("v6.1.192")), judge);
    try {
      ObjectNode object = (ObjectNode) JsonMapper.builder().build().readTree(json);
      replay.replay(new Line("x.jsonl", 1, object));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
    return judge.tally();
  }

  @Test
  void agrees() {
    for (String json : new String[] {BUFFER, PINNED, REFUSED, BUG}) {
      assertThat(replay(json).matched()).as(json).isEqualTo(1);
    }
  }

  /** What stands before the device decides; and each field is compared. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "coherent_iommu | coherent_direct",
        "noncontiguous_iommu | noncontiguous_direct",
        "wc_iommu | wc_direct",
        "\"buffer_pages\":4 | \"buffer_pages\":5",
        "\"page_count_first\":1 | \"page_count_first\":2",
        "\"page_count_first_while_pinned\":3 | \"page_count_first_while_pinned\":2",
        "\"pipe_sees_new_buffer\":false | \"pipe_sees_new_buffer\":true",
        "required_PFNMAP_after_mmap_or_EINVAL | none",
        "PFNMAP_set_before_mmap | MIXEDMAP_set_before_mmap",
        "RIP: 0010:vm_insert_page | RIP: 0010:vm_insert_pages",
      })
  void noticesADifference(String field, String altered) {
    long mismatched = 0;
    for (String json : new String[] {BUFFER, PINNED, REFUSED, BUG}) {
      if (json.contains(field)) {
        mismatched += replay(json.replace(field, altered)).mismatched();
      }
    }
    assertThat(mismatched).isPositive();
  }

  @ParameterizedTest
  @CsvSource({
    "mod_j_dma_coherent_iommu, mod_x_dma_iommu, kind mod_x_dma_iommu",
    "mod_j_dma_coherent_iommu, mod_j_dma_coherent, kind mod_j_dma_coherent",
    "PFNMAP_set_before_mmap, pray, vm_flags_policy pray",
  })
  void whatIsUnknownIsNotJudged(String word, String other, String reason) {
    assertThat(replay(BUG.replace(word, other)).notJudged())
        .containsExactlyEntriesOf(Map.of(reason, 1L));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"buffer_pages\":4 | \"buffer_pages\":0 | expected \"buffer_pages\" from 1 to",
        "\"buffer_pages\":4, | `` | expected a field \"buffer_pages\"",
        "\"test\":\"buffer\" | \"test\":\"mmap\" | expected a",
        "\"test\":\"buffer\" | \"test\":\"juggle\" | expected buffer, mmap or vm_flags",
      })
  void damageIsReported(String field, String damaged, String message) {
    assertThatThrownBy(() -> replay(BUFFER.replace(field, damaged)))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("x.jsonl:1: ")
        .hasMessageContaining(message);
  }
}
