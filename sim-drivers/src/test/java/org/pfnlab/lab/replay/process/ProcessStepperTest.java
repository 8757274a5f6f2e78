package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.KernelSpec;

class ProcessStepperTest {
  /** Who looks at a recording in the middle sees the machine that its header describes. */
  @ParameterizedTest
  @CsvSource({"70", "1000", "" + Mm.MAX_MAP_COUNT})
  void theHeaderSaysWhatTheMachineIs(int mostMaps) {
    ObjectNode header = JsonMapper.builder().build().createObjectNode();
    header.put("op", "meta").put("kernel", "6.18").put("max_map_count", mostMaps);
    ProcessStepper stepper =
        new ProcessStepper(new Line("some.jsonl", 1, header), KernelSpec.parse("v6.18.44"));
    assertThat(stepper.machine().newProcess().mm.maxMapCount).isEqualTo(mostMaps);
  }
}
