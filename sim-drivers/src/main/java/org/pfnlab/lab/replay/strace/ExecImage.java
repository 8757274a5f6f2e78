package org.pfnlab.lab.replay.strace;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.lab.strace.MapsFile;

/**
 * An address space as execve leaves it, from a copy of its /proc/pid/maps: what the ELF loader
 * mapped (binfmt_elf), the stack, the vdso; and what follows from that, the place of the heap and
 * mmap_base.
 */
final class ExecImage {
  static final String STACK = "[stack]";

  /** The gate page, which belongs to no address space. */
  static final String VSYSCALL = "[vsyscall]";

  private static final long HUGE = 1L << 21;

  private ExecImage() {}

  /** Builds it in an empty address space. */
  static void load(ImmutableList<MapsFile.Entry> maps, Mm mm, TracedFiles files) {
    mm.untouched = true;
    mm.thpDisabled = false;
    long top = 0;
    for (MapsFile.Entry entry : maps) {
      if (entry.name().equals(VSYSCALL)) {
        continue;
      }
      Vma vma = new Vma(mm, entry.start(), entry.end(), entry.offset() >>> 12, flags(entry));
      if (entry.isFile()) {
        OpenFile file = files.open(entry.name());
        file.get();
        vma.file = file;
        vma.ops = VmOps.DUMMY;
        file.mapping.mappers.add(vma);
      } else if (isSpecial(entry)) {
        vma.ops = new KernelMapping(entry.name());
        vma.flags |= VmFlags.VM_DONTEXPAND;
      } else {
        vma.pgoff = entry.start() >>> 12;
      }
      mm.vmas.insert(vma);
      mm.totalVm += vma.pages();
      if (!entry.name().equals(STACK)) {
        top = entry.end();
      }
      if (entry.name().equals(STACK)) {
        settleBase(mm, top);
        mm.startStack = entry.end() - 8;
      }
    }
    mm.startBrk = heap(maps);
    mm.brk = mm.startBrk;
  }

  private static boolean isSpecial(MapsFile.Entry entry) {
    return entry.name().startsWith("[")
        && !entry.name().equals(STACK)
        && !entry.name().equals("[heap]")
        && !entry.name().startsWith("[anon");
  }

  /** What the loader maps begins at mmap_base, unless it was aligned. */
  private static void settleBase(Mm mm, long top) {
    mm.mmapBase = top > Mm.MMAP_BASE || top + HUGE <= Mm.MMAP_BASE ? top : Mm.MMAP_BASE;
  }

  private static long flags(MapsFile.Entry entry) {
    String permissions = entry.permissions();
    long flags = permissions.charAt(0) == 'r' ? VmFlags.VM_READ : 0;
    flags |= permissions.charAt(1) == 'w' ? VmFlags.VM_WRITE : 0;
    flags |= permissions.charAt(2) == 'x' ? VmFlags.VM_EXEC : 0;
    if (entry.name().startsWith("[vvar")) {
      return flags | VmFlags.VM_MAYREAD | VmFlags.VM_IO | VmFlags.VM_DONTDUMP | VmFlags.VM_PFNMAP;
    }
    flags |= VmFlags.VM_MAY_ALL;
    if (permissions.charAt(3) == 's') {
      return flags | VmFlags.VM_SHARED | VmFlags.VM_MAYSHARE;
    }
    if (entry.name().equals(STACK)) {
      flags |= VmFlags.VM_GROWSDOWN;
    }
    return (flags & VmFlags.VM_WRITE) != 0 ? flags | VmFlags.VM_ACCOUNT : flags;
  }

  /**
   * start_brk without ASLR: the first page behind the program's last segment, which anonymous
   * memory continues where the bss is longer than the file's last page.
   */
  static long heap(ImmutableList<MapsFile.Entry> maps) {
    MapsFile.Entry program = maps.get(0);
    long end = program.end();
    for (MapsFile.Entry entry : maps) {
      if (entry.isFile() && entry.inode().equals(program.inode())) {
        end = entry.end();
      } else if (!entry.isFile() && entry.name().isEmpty() && entry.start() == end) {
        return entry.end();
      }
    }
    return end;
  }
}
