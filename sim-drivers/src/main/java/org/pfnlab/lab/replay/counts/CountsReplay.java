package org.pfnlab.lab.replay.counts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.replay.battery.PlainObjects;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;
import org.pfnlab.lab.verdict.Replayer;
import org.pfnlab.lab.verdict.Unjudged;

/**
 * Replays function-call counts: one program per kind, type of mapping and size, each line one step
 * of it. The result, the resources visited and the calls of every function that has an equal in the
 * model are compared.
 */
public final class CountsReplay implements Replayer {
  private static final ImmutableSet<String> FIELDS =
      ImmutableSet.of(
          "kind",
          "map",
          "n",
          "op",
          "ret",
          "counts",
          "other_tasks",
          "iomem_nodes_visited",
          "pte_first");

  private static final int MOST_PAGES = 1 << 16;

  /** How far an operation walks through the resource tree. */
  private static final ImmutableSet<String> WALK =
      ImmutableSet.of(CountsComparison.NODES, "find_next_iomem_res");

  /** Whether pages are copied or reused. */
  private static final ImmutableSet<String> REUSE =
      ImmutableSet.of(
          "wp_page_copy", "folio_add_new_anon_rmap", "page_remove_rmap+folio_remove_rmap_ptes");

  private final CountedSymbols.Traced traced;
  private final MachineConfig config;
  private final ProgramCode code = new ProgramCode();
  private final Judge judge;

  private @Nullable Program program;
  private @Nullable ModuleRun module;

  /**
   * Replays on machines of this make.
   *
   * @param header the recording's first line, which names what could be traced
   */
  public CountsReplay(Line header, MachineConfig config, Judge judge) {
    this.traced = tracedSymbols(header)::contains;
    this.config = config;
    this.judge = judge;
  }

  private static ImmutableSet<String> tracedSymbols(Line header) {
    if (!(header.required("traced_functions") instanceof ArrayNode names)) {
      throw header.bad("expected an array of function names in \"traced_functions\"");
    }
    ImmutableSet.Builder<String> traced = ImmutableSet.builder();
    names.forEach(name -> traced.add(name.asText()));
    return traced.build();
  }

  /** What one process was asked to do, and how far it is. */
  private static final class Program {
    final String kind;
    final String map;
    final long pages;
    final CountedRun run;
    final Map<CountedStep, JsonNode> recorded = new EnumMap<>(CountedStep.class);
    final Map<CountedStep, EventCounts> modelled = new EnumMap<>(CountedStep.class);
    int done;

    Program(String kind, String map, long pages, CountedRun run) {
      this.kind = kind;
      this.map = map;
      this.pages = pages;
      this.run = run;
    }

    boolean continuesWith(String nextKind, String nextMap, long nextPages, CountedStep step) {
      return kind.equals(nextKind)
          && map.equals(nextMap)
          && pages == nextPages
          && step.position() >= done;
    }
  }

  @Override
  public void replay(Line line) {
    line.allow(FIELDS);
    String kind = line.text("kind");
    String operation = line.text("op");
    CountedStep step = CountedStep.named(operation);
    try {
      if (operation.equals("open")) {
        compareOpen(line, kind);
        return;
      }
      if (step != null) {
        compare(line, kind, step);
      } else {
        compareModule(line, kind, operation);
      }
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
    } catch (KernelBug | KernelHang e) {
      judge.cannotJudge("counts up to a kernel's death: " + e.getMessage());
    }
  }

  private void compare(Line line, String kind, CountedStep step) {
    Program current = program;
    String map = line.text("map");
    if (!map.equals("shared") && !map.equals("private")) {
      throw line.bad("expected shared or private in \"map\", found \"" + map + "\"");
    }
    long pages = pages(line);
    if (current == null || !current.continuesWith(kind, map, pages, step)) {
      Machine machine = boot();
      ObjectUnderTest object =
          kind.equals(CountedObjects.ANONYMOUS)
              ? null
              : PlainObjects.device(machine, kind).open(pages);
      if (object != null && object.errno() != 0) {
        compareOpened(line, kind, line.required("ret"), object.errno());
        return;
      }
      CountedRun run = new CountedRun(machine, object, map.equals("shared"), (int) pages);
      current = new Program(kind, map, pages, run);
      program = current;
    }
    for (; current.done < step.position(); current.done++) {
      CountedStep between = CountedStep.at(current.done);
      if (!between.isRecorded()) {
        between.run(current.run);
      }
    }
    Meter meter = current.run.machine.kernel().meter;
    long[] before = meter.snapshot();
    if (step == CountedStep.VMSPLICE && code.isColdFor(kind, line)) {
      current.run.callColdCode();
    }
    long result = step.run(current.run);
    current.done++;
    EventCounts counts =
        step.isAnotherProcess() ? EventCounts.NONE : EventCounts.since(meter, before);
    current.recorded.put(step, line.node("counts"));
    current.modelled.put(step, counts);
    CountsComparison comparison = new CountsComparison(traced, judge.tally().functions());
    comparison.expected.set("ret", line.required("ret"));
    putResult(comparison.got, result);
    if (!step.isControl()) {
      CountedStep control = step.control();
      JsonNode ownRecorded = control == null ? null : current.recorded.get(control);
      EventCounts own = control == null ? null : current.modelled.get(control);
      comparison.put(
          line,
          counts,
          ownRecorded == null ? MissingNode.getInstance() : ownRecorded,
          own == null ? EventCounts.NONE : own,
          Errno.isError(result));
      if (Unjudged.isWalkToPrivateCopy(config.profile(), map.equals("private"), line.text("op"))) {
        comparison.leaveOut(WALK);
      }
      if (Unjudged.isReuseBesideOutput(config.profile(), map.equals("private"), line.text("op"))) {
        comparison.leaveOut(REUSE);
      }
    }
    String asked = "%s kind=%s map=%s pages=%d".formatted(line.text("op"), kind, map, pages);
    judge.compare(line, asked, comparison.expected, comparison.got, ImmutableList::of);
  }

  private void compareModule(Line line, String kind, String operation) {
    program = null;
    int pages = (int) pages(line);
    ModuleRun run = module;
    if (run == null) {
      run = new ModuleRun(boot());
      module = run;
    }
    if (operation.equals("pte_while_pages_are_wc")) {
      compareEntry(line, kind, pages, run.firstEntry());
      return;
    }
    boolean whileWriteCombined = operation.equals("mmap+touch_store_while_pages_are_wc");
    run.needWriteCombined(whileWriteCombined ? pages : 0);
    if (whileWriteCombined) {
      run.open(PlainObjects.device(run.machine, kind), pages);
    }
    Meter meter = run.machine.kernel().meter;
    long[] before = meter.snapshot();
    long result =
        switch (operation) {
          case "set_pages_array_wc" -> run.setWriteCombined(pages);
          case "set_pages_array_wb" -> run.setWriteBack(pages);
          case "io_mapping_init_wc" -> run.reserveBar(true);
          case "io_mapping_fini" -> run.reserveBar(false);
          case "mmap+touch_store_while_pages_are_wc" -> run.mapAndStore();
          default -> throw new NotModelled("counts of " + operation);
        };
    CountsComparison comparison = new CountsComparison(traced, judge.tally().functions());
    comparison.expected.set("ret", line.required("ret"));
    putResult(comparison.got, result);
    comparison.put(line, EventCounts.since(meter, before));
    String asked = "%s kind=%s pages=%d".formatted(operation, kind, pages);
    judge.compare(line, asked, comparison.expected, comparison.got, ImmutableList::of);
  }

  private void compareEntry(Line line, String kind, int pages, JsonNode entry) {
    ObjectNode expected = JsonNodeFactory.instance.objectNode();
    ObjectNode got = JsonNodeFactory.instance.objectNode();
    expected.set("pte_first", line.required("pte_first"));
    got.set("pte_first", entry);
    String asked = "pte_while_pages_are_wc kind=%s pages=%d".formatted(kind, pages);
    judge.compare(line, asked, expected, got, ImmutableList::of);
  }

  /** The object could not be made; nothing else was asked of it. */
  private void compareOpen(Line line, String kind) {
    program = null;
    ObjectUnderTest object = PlainObjects.device(new Machine(config), kind).open(pages(line));
    compareOpened(line, kind, line.required("ret"), object.errno());
  }

  private void compareOpened(Line line, String kind, JsonNode recorded, long errno) {
    ObjectNode expected = JsonNodeFactory.instance.objectNode();
    ObjectNode got = JsonNodeFactory.instance.objectNode();
    expected.set("ret", recorded);
    putResult(got, errno);
    String asked = "%s kind=%s pages=%d".formatted(line.text("op"), kind, pages(line));
    judge.compare(line, asked, expected, got, ImmutableList::of);
  }

  private static long pages(Line line) {
    long pages = line.integer("n");
    if (pages < 1 || pages > MOST_PAGES) {
      throw line.bad("expected \"n\" from 1 to " + MOST_PAGES + ", found " + pages);
    }
    return pages;
  }

  private static void putResult(ObjectNode got, long result) {
    if (Errno.isError(result)) {
      got.put("ret", Errno.name(result));
    } else {
      got.put("ret", result);
    }
  }

  private Machine boot() {
    Machine machine = new Machine(config);
    ResourceTreeReplay.useUpScraps(machine.frames());
    return machine;
  }

  @Override
  public Judge judge() {
    return judge;
  }
}
