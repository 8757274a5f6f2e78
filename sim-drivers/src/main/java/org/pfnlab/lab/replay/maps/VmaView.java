package org.pfnlab.lab.replay.maps;

import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Pagemap;
import org.pfnlab.core.task.Smaps;

/**
 * One VMA as /proc/pid/smaps shows it.
 *
 * @param vma the VMA
 * @param name file, {@code [heap]} and the like, or empty
 * @param counts what is in memory
 * @param flags the VmFlags line
 */
record VmaView(Vma vma, String name, Smaps.Counts counts, String flags) {
  static VmaView of(Vma vma, Machine machine) {
    return new VmaView(
        vma, name(vma), machine.smaps().of(vma), VmFlags.letters(vma.flags, machine.kernel()));
  }

  private static String name(Vma vma) {
    OpenFile file = vma.file;
    if (file != null) {
      return file.name;
    }
    String special = vma.ops == null ? null : vma.ops.name(vma);
    if (special != null) {
      return special;
    }
    Mm mm = vma.mm;
    if (vma.contains(mm.startStack)) {
      return "[stack]";
    }
    return vma.start < mm.brk && vma.end > mm.startBrk ? "[heap]" : "";
  }

  // The line that /proc/pid/maps has too, without device and inode.
  String head() {
    String head =
        "%x-%x %s %08x"
            .formatted(
                vma.start,
                vma.end,
                VmFlags.permissions(vma.flags),
                vma.file == null ? 0 : vma.pgoff << 12);
    return name.isEmpty() ? head : head + " " + name;
  }

  // How a page looks in the picture: absent, guard, zero page, file's page, anonymous page.
  static char glyph(Machine machine, Vma vma, long address) {
    int bits = machine.pagemap().bits(vma.mm, address);
    if ((bits & Pagemap.GUARD) != 0) {
      return 'g';
    }
    if ((bits & Pagemap.PRESENT) == 0) {
      return '.';
    }
    return (bits & Pagemap.ZERO) != 0 ? 'z' : (bits & Pagemap.FILE) != 0 ? 'f' : 'a';
  }
}
