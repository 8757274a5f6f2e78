package org.pfnlab.lab.replay.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Tally;

/** What must not matter does not: the same recordings, told differently, have the same answers. */
class MetamorphicReplayTest {
  static List<Path> recordings() {
    return Stream.concat(
            Stream.concat(
                Recordings.in("process/fuzz-odd").stream(),
                Recordings.in("process/fuzz-special").stream()),
            Recordings.in("process/hand").stream())
        .toList();
  }

  private static Machine machine() {
    return new Machine(
        MachineConfig.of(KernelSpec.parse("v6.18.44").profile()).withReadAheadPages(2048));
  }

  private static void replay(
      Path file, Machine machine, Subject subject, Window window, UnaryOperator<Line> change)
      throws IOException {
    try (JsonLines lines = JsonLines.open(file, file.getFileName().toString())) {
      Line header = lines.next();
      ProcessReplay replay =
          new ProcessReplay(header, subject, window, new Judge("v6.18.44", false));
      for (Line line = lines.next(); line != null; line = lines.next()) {
        replay.replay(change.apply(line));
      }
      Tally tally = replay.judge().tally();
      assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
      org.pfnlab.core.machine.Invariants.check(machine);
    }
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void whereTheWindowLies(Path file) throws IOException {
    Machine machine = machine();
    Window shifted = new Window(0x2345_4000_0000L);
    replay(file, machine, new ProcessModel(machine, shifted), shifted, line -> line);
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void howProcessesAreNumbered(Path file) throws IOException {
    Machine machine = machine();
    Window window = Window.recorded();
    ProcessModel model = new ProcessModel(machine, window);
    replay(file, machine, model, window, MetamorphicReplayTest::renumbered);
  }

  private static final Pattern PROCESS = Pattern.compile("\"p([1-9]\\d*)\"");

  /** p1, p2, ... become p12, p17, ...; the order in which snapshots list them stays. */
  private static Line renumbered(Line line) {
    String text =
        PROCESS
            .matcher(line.object().toString())
            .replaceAll(p -> "\"p" + (7 + 5 * Integer.parseInt(p.group(1))) + "\"");
    try {
      ObjectNode object = (ObjectNode) JsonMapper.builder().build().readTree(text);
      return new Line(line.file(), line.number(), object);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException(text, e);
    }
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void whatElseIsMapped(Path file) throws IOException {
    Machine machine = machine();
    Window window = Window.recorded();
    ProcessModel model = new ProcessModel(machine, window);
    Process process = machine.processes().get(0);
    int flags = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
    for (int i = 1; i <= 20; i++) {
      for (long at : new long[] {window.base() - (i << 22), window.end() + (i << 22)}) {
        int prot = MapFlags.PROT_READ | (i % 2 == 0 ? MapFlags.PROT_WRITE : 0);
        machine.syscalls().mmap(process, at, i << 12, prot, flags, null, 0);
        machine.userAccess().load(process.mm, at);
        machine.userAccess().store(process.mm, at + 4096, (byte) i);
      }
    }
    replay(file, machine, model, window, line -> line);
  }

  @ParameterizedTest
  @MethodSource("recordings")
  void howOftenSomebodyLooks(Path file) throws IOException {
    Machine machine = machine();
    Window window = Window.recorded();
    ProcessModel model = new ProcessModel(machine, window);
    replay(file, machine, new Onlooker(model, machine), window, line -> line);
  }

  /** Takes snapshots of every process before every operation. */
  private record Onlooker(ProcessModel model, Machine machine) implements Subject {
    @Override
    public ObjectNode perform(Operation operation) {
      Snapshots snapshots = model.freshSnapshots();
      for (Process process : machine.processes()) {
        if (!process.hasExited()) {
          snapshots.maps(process);
          snapshots.pagemap(process);
        }
      }
      snapshots.frames();
      return model.perform(operation);
    }

    @Override
    public ImmutableList<String> picture(Operation operation) {
      return model.picture(operation);
    }
  }
}
