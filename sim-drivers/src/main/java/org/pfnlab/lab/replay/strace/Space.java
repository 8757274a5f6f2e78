package org.pfnlab.lab.replay.strace;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;
import org.pfnlab.lab.strace.MapsFile;

/** An address space of a trace, with the threads and vfork children that share it. */
final class Space {
  final Process process;

  /** Tasks that use it. */
  int users = 1;

  /** Why nothing in it can be judged any more; null while everything can. */
  private @Nullable String lost;

  Space(Process process) {
    this.process = process;
  }

  /** From now on nobody knows what it looks like. */
  void lose(String why) {
    if (lost == null) {
      lost = why;
    }
  }

  /** Why nothing can be judged; null if it can. */
  @Nullable String lost() {
    return lost;
  }

  /** All VMAs, as /proc/pid/maps prints them. */
  ImmutableList<MapsFile.Entry> maps() {
    ImmutableList.Builder<MapsFile.Entry> entries = ImmutableList.builder();
    for (int i = 0; i < process.mm.vmas.size(); i++) {
      entries.add(entry(process.mm.vmas.get(i)));
    }
    return entries.build();
  }

  /**
   * A VMA as /proc/pid/maps prints it.
   *
   * @return its name is {@code ?} where the trace does not show the file
   */
  private MapsFile.Entry entry(Vma vma) {
    OpenFile file = vma.file;
    String path = file == null ? special(vma) : TracedFile.pathOf(file);
    return new MapsFile.Entry(
        vma.start,
        vma.end,
        VmFlags.permissions(vma.flags),
        file == null ? 0 : vma.pgoff << 12,
        file == null ? "00:00 0" : "?",
        path == null ? "?" : path);
  }

  private String special(Vma vma) {
    String name = vma.ops == null ? null : vma.ops.name(vma);
    if (name != null) {
      return name;
    }
    if (vma.contains(process.mm.startStack)) {
      return ExecImage.STACK;
    }
    return vma.start < process.mm.brk && vma.end > process.mm.startBrk ? "[heap]" : "";
  }
}
