package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.meter.Trace;
import org.pfnlab.core.mm.Mm;

/** What a listener is told: the answer to "why EFAULT here?" must be in it. */
class StoryTest {
  private static final long AT = 0x10_0000_0000L;

  private static final class Story implements Trace {
    private final List<String> lines = new ArrayList<>();
    private int depth;

    @Override
    public void enter(String symbol, long a, long b) {
      lines.add("  ".repeat(depth++) + symbol);
    }

    @Override
    public void exit(String symbol, long result) {
      lines.add("  ".repeat(--depth) + symbol + " = " + (result < 0 ? Errno.name(result) : "ok"));
    }

    @Override
    public void note(String text) {
      lines.add(
          "  ".repeat(depth) + "(" + text.replaceAll("(pfn|of|:) [0-9a-fx-]+", "$1 ..") + ")");
    }
  }

  private static List<String> tell(TestKind kind, boolean shared, String op) {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    kind.map(machine, mm, AT, 1, shared, true);
    Story story = new Story();
    machine.access.load(mm, AT);
    machine.kernel.meter.listen(story);
    if (op.equals("vmsplice")) {
      Pipes pipes = new Pipes(machine.kernel, machine.frames, machine.fast, machine.pins);
      pipes.vmsplice(mm, AT, 4096, pipes.create(1));
    } else {
      machine.access.store(mm, AT + 4096, (byte) 1);
    }
    machine.kernel.meter.mute();
    return story.lines;
  }

  @Test
  void ofARefusedSplice() {
    assertThat(String.join("\n", tell(TestKind.PFNMAP, true, "vmsplice")))
        .matches(
            """
            vmsplice_to_pipe
              gup_fast
                \\(the fast walk stops at pfn .. RW special young.*\\)
              gup_fast = ok
              __get_user_pages
                \\(check_vma_flags .*: EFAULT\\)
              __get_user_pages = EFAULT
            vmsplice_to_pipe = EFAULT"""
                .replace("pfn ..", "pfn \\.\\."));
  }

  @Test
  void ofARawFrameInAMixedMapping() {
    assertThat(tell(TestKind.MIXED, true, "vmsplice"))
        .anyMatch(line -> line.contains("an entry without a page: pfn .. RW special"))
        .endsWith("vmsplice_to_pipe = EEXIST");
  }

  @Test
  void ofASignal() {
    assertThat(tell(TestKind.ANON, false, "store"))
        .containsExactly(
            "do_user_addr_fault", "  (SIGSEGV/SEGV_MAPERR)", "do_user_addr_fault = ok");
  }
}
