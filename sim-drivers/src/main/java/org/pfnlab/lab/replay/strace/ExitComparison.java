package org.pfnlab.lab.replay.strace;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.pfnlab.lab.strace.MapsFile;

/**
 * Compares an address space with a copy of the real one's /proc/pid/maps: borders, permissions,
 * offset, file of every VMA.
 *
 * <p>Faults are not in a trace, and two neighbours that were faulted apart stay two VMAs in a real
 * kernel: lines that continue each other may be one VMA here, never the other way round. How far
 * the stack grew is not judged, nor is the gate page.
 */
final class ExitComparison {
  private ExitComparison() {}

  /** Two answers of the same form: a field for each VMA, named by its first address. */
  record Answers(ObjectNode expected, ObjectNode got) {}

  static Answers compare(List<MapsFile.Entry> recorded, List<MapsFile.Entry> model) {
    Set<Long> borders = new HashSet<>();
    for (MapsFile.Entry entry : model) {
      borders.add(entry.start());
    }
    List<MapsFile.Entry> joined = new ArrayList<>();
    for (MapsFile.Entry entry : recorded) {
      MapsFile.Entry last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && !borders.contains(entry.start()) && continues(last, entry)) {
        joined.set(joined.size() - 1, join(last, entry));
      } else {
        joined.add(entry);
      }
    }
    Set<Long> unnamed = new HashSet<>();
    for (MapsFile.Entry entry : model) {
      if (entry.name().equals("?")) {
        unnamed.add(entry.start());
      }
    }
    return new Answers(answer(joined, unnamed), answer(model, unnamed));
  }

  private static boolean continues(MapsFile.Entry last, MapsFile.Entry next) {
    return last.end() == next.start()
        && last.permissions().equals(next.permissions())
        && last.inode().equals(next.inode())
        && last.name().equals(next.name())
        && (!last.isFile() || last.offset() + (last.end() - last.start()) == next.offset());
  }

  private static MapsFile.Entry join(MapsFile.Entry last, MapsFile.Entry next) {
    return new MapsFile.Entry(
        last.start(), next.end(), last.permissions(), last.offset(), last.inode(), last.name());
  }

  private static ObjectNode answer(List<MapsFile.Entry> maps, Set<Long> unnamed) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    for (MapsFile.Entry entry : maps) {
      if (entry.name().equals(ExecImage.VSYSCALL)) {
        continue;
      }
      if (entry.name().equals(ExecImage.STACK)) {
        answer.put(ExecImage.STACK, "to %x %s".formatted(entry.end(), entry.permissions()));
        continue;
      }
      String text = "to %x %s %08x".formatted(entry.end(), entry.permissions(), entry.offset());
      boolean named = !unnamed.contains(entry.start()) && !entry.name().isEmpty();
      answer.put("%x".formatted(entry.start()), named ? text + " " + entry.name() : text);
    }
    return answer;
  }

  /** The first place where they differ, for a picture. */
  static long firstDifference(Answers answers, ImmutableList<MapsFile.Entry> model) {
    for (MapsFile.Entry entry : model) {
      String start = "%x".formatted(entry.start());
      if (!answers.got.path(start).equals(answers.expected.path(start))) {
        return entry.start();
      }
    }
    return 0;
  }
}
