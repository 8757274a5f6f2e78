package org.pfnlab.lab.replay.battery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.lab.memtype.MemtypeList;
import org.pfnlab.lab.recording.Surroundings;
import org.pfnlab.lab.replay.Recordings;

/**
 * The raw text of pat_memtype_list: with nothing mapped, with 16 pages of the BAR mapped and
 * touched in each way, and after each munmap.
 */
class MemtypeListTest {
  private static final long PAGES = 16;
  private static final int READ_WRITE = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  private record Section(String title, String text) {}

  private static List<Section> sections(Path file) throws IOException {
    String text;
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    List<Section> sections = new ArrayList<>();
    for (String part : Splitter.on("== ").omitEmptyStrings().split(text)) {
      int end = part.indexOf('\n');
      sections.add(new Section(part.substring(0, end), part.substring(end + 1)));
    }
    return sections;
  }

  @ParameterizedTest
  @ValueSource(strings = {"linux-5.11", "linux-6.1", "linux-6.18.2"})
  void printsTheSameLines(String set) throws IOException {
    Path file = Recordings.path(set + "/memtypes/pat_memtype_list.txt.gz");
    Surroundings around = Surroundings.of(file, set);
    KernelProfile profile = KernelProfile.of(around.release().toString());
    Machine machine = new Machine(around.machine(MachineConfig.of(profile)));
    BarFiles files = new BarFiles(machine, Bar.RECORDED);
    Process process = machine.newProcess();
    List<Section> sections = sections(file);
    assertThat(sections).hasSize(19);
    // What the boot reserved: ACPI tables, the APIC, other drivers' BARs.
    MemtypeList.parse(set, sections.get(0).text()).restore(machine.memtypes());
    assertThat(machine.memtypes().listText()).isEqualTo(sections.get(0).text());
    for (int i = 1; i < sections.size(); i += 2) {
      Section mapped = sections.get(i);
      String label = mapped.title().substring(0, mapped.title().indexOf(','));
      files.gpu().setIoMapping(BarFiles.needsReservation(label));
      BarFiles.BarFile opened = files.open(label);
      long at =
          machine
              .syscalls()
              .mmap(
                  process,
                  CaseRun.BASE,
                  PAGES << 12,
                  READ_WRITE,
                  MapFlags.MAP_SHARED | MapFlags.MAP_FIXED_NOREPLACE,
                  opened.file().file(),
                  opened.offset());
      opened.file().file().put();
      for (long page = 0; page < PAGES; page++) {
        machine.userAccess().loadWord(process.mm, at + (page << 12));
      }
      assertThat(machine.memtypes().listText()).as(mapped.title()).isEqualTo(mapped.text());
      machine.syscalls().munmap(process, at, PAGES << 12);
      Section unmapped = sections.get(i + 1);
      assertThat(machine.memtypes().listText()).as(unmapped.title()).isEqualTo(unmapped.text());
    }
  }
}
