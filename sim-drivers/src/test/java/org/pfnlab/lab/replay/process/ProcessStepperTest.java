package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.KernelSpec;

class ProcessStepperTest {
  /** Who looks at a recording in the middle sees the machine that its header describes. */
  @ParameterizedTest
  @CsvSource({"70", "1000", "" + Mm.MAX_MAP_COUNT})
  void theHeaderSaysWhatTheMachineIs(int mostMaps) {
    assertThat(stepper("max_map_count", mostMaps).machine().newProcess().mm.maxMapCount)
        .isEqualTo(mostMaps);
  }

  @ParameterizedTest
  @CsvSource({"max_map_count, -1", "max_map_count, 99999999999", "read_ahead_kb, 99999999999"})
  void settingsThatNoMachineHasAreRefused(String field, long value) {
    assertThatThrownBy(() -> stepper(field, value))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("some.jsonl:1")
        .hasMessageContaining(field);
  }

  private static ProcessStepper stepper(String field, long value) {
    ObjectNode header = JsonMapper.builder().build().createObjectNode();
    header.put("op", "meta").put("format", 1).put("kernel", "6.18").put(field, value);
    return new ProcessStepper(new Line("some.jsonl", 1, header), KernelSpec.parse("v6.18.44"));
  }
}
