package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.gup.FollowPage;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.VmaCheck;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;

/**
 * How often the functions of get_user_pages run, as ftrace counted them on three real kernels:
 * every page was loaded and stored to before, and the mapping begins at a table's first entry.
 */
class GupCountsTest {
  private static final long AT = 0x10_0000_0000L;

  private static final Event[] EVENTS = {
    GupFast.CALLED,
    GupFast.TABLE_WALKED,
    GupFast.GRABBED,
    GupSlow.CALLED,
    VmaCheck.CHECKED,
    FollowPage.FOLLOWED,
    FollowPage.GRABBED,
    GupSlow.FAULTED_IN,
  };

  @ParameterizedTest
  @CsvSource({
    // kind  | map   | operation  | pages | calls, tables, grabs | calls, checks, follows, grabs,
    // faults
    "ANON    , shared , vmsplice  , 1     , 1 1 1        0 0 0 0 0",
    "ANON    , private, vmsplice  , 16    , 1 1 16       0 0 0 0 0",
    "MEMFD   , shared , vmsplice  , 1024  , 64 64 1024   0 0 0 0 0",
    "ANON    , private, get fast  , 1024  , 1 2 1024     0 0 0 0 0",
    "EXT4    , shared , pin write , 16    , 1 1 16       0 0 0 0 0",
    "INSERTED, shared , pin write , 1024  , 1 2 1024     0 0 0 0 0",
    "FAULTED , private, process_vm, 16    , 0 0 0        1 1 16 16 0",
    "ANON    , shared , process_vm, 1024  , 0 0 0        1 1 1024 1024 0",
    "MIXED   , shared , vmsplice  , 16    , 1 1 0        1 1 1 0 0",
    "MIXED   , shared , get fast  , 1024  , 1 1 0        1 1 1 0 0",
    "MIXED   , private, vmsplice  , 1024  , 64 64 1024   0 0 0 0 0",
    "MIXED   , private, process_vm, 16    , 0 0 0        1 1 16 16 0",
    "PFNMAP  , shared , vmsplice  , 16    , 1 1 0        1 1 0 0 0",
    "PFNMAP  , shared , pin write , 1024  , 1 1 0        1 1 0 0 0",
    "PFNMAP  , private, get fast  , 16    , 1 1 16       0 0 0 0 0",
    "PFNMAP  , private, process_vm, 16    , 0 0 0        1 1 0 0 0",
  })
  void countsAsFtraceDid(TestKind kind, String map, String op, int pages, String counts) {
    for (String version : new String[] {"v5.11", "v6.1.192", "v6.18.2"}) {
      TestMachine machine = new TestMachine(version);
      Mm mm = machine.newMm();
      kind.map(machine, mm, AT, pages, map.equals("shared"), true);
      for (long i = 0; i < pages; i++) {
        machine.access.load(mm, AT + (i << 12));
        machine.access.store(mm, AT + (i << 12), (byte) 1);
      }
      Meter meter = machine.kernel.meter;
      long[] before = meter.snapshot();
      run(machine, mm, op, pages);
      StringBuilder counted = new StringBuilder();
      for (Event event : EVENTS) {
        counted.append(meter.since(before, event)).append(' ');
      }
      assertThat(counted.toString().trim()).as(version).isEqualTo(counts.replaceAll(" +", " "));
    }
  }

  private static void run(TestMachine machine, Mm mm, String op, int pages) {
    long[] got = new long[pages];
    switch (op) {
      case "vmsplice" -> {
        Pipes pipes = new Pipes(machine.kernel, machine.frames, machine.fast, machine.pins);
        pipes.vmsplice(mm, AT, (long) pages << 12, pipes.create(pages));
      }
      case "get fast" -> machine.fast.get(mm, AT, pages, GupFlags.FOLL_GET, got);
      case "pin write" ->
          machine.fast.get(mm, AT, pages, GupFlags.FOLL_PIN | GupFlags.FOLL_WRITE, got);
      default ->
          new ProcessVm(machine.kernel, machine.frames, machine.slow, machine.pins)
              .read(mm, AT, new byte[pages << 12], pages << 12);
    }
  }
}
