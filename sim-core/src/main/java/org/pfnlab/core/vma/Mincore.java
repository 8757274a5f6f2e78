package org.pfnlab.core.vma;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;

/**
 * mincore (mm/mincore.c): which pages would not need I/O. A present entry counts, whatever stands
 * behind it; for the others the page cache of the file decides. A VM_PFNMAP VMA is not walked at
 * all, so that its pages are never in core, mapped as they may be.
 */
public final class Mincore {
  private final PteCursor cursor = new PteCursor();

  /** Looks at page tables and page caches. */
  public Mincore() {}

  /**
   * mincore(2).
   *
   * @param length bytes, rounded up to whole pages
   * @param vec one byte a page: 1 if in core; filled as far as the answer is known
   * @return 0, -EINVAL (misaligned), -ENOMEM (holes), -EFAULT (vec too short or null)
   */
  public long mincore(Mm mm, long start, long length, byte @Nullable [] vec) {
    if ((start & 0xfff) != 0) {
      return -Errno.EINVAL;
    }
    if (Long.compareUnsigned(length, Mm.TASK_SIZE) > 0
        || Long.compareUnsigned(start, Mm.TASK_SIZE - length) > 0) {
      return -Errno.ENOMEM;
    }
    long end = start + ((length + 4095) & ~4095L);
    if (vec == null || vec.length < (end - start) >>> 12) {
      return end == start ? 0 : -Errno.EFAULT;
    }
    mm.readLock();
    try {
      long at = start;
      while (at < end) {
        Vma vma = mm.vmas.lookup(at);
        if (vma == null) {
          return -Errno.ENOMEM;
        }
        long to = Math.min(end, vma.end);
        fill(vma, at, to, vec, (int) ((at - start) >>> 12));
        at = to;
      }
      return 0;
    } finally {
      mm.readUnlock();
    }
  }

  private void fill(Vma vma, long start, long end, byte[] vec, int first) {
    int last = first + (int) ((end - start) >>> 12);
    OpenFile file = vma.file;
    if (!vma.isAnonymous() && file == null) {
      // can_do_mincore: nobody's file may be looked into.
      Arrays.fill(vec, first, last, (byte) 1);
      return;
    }
    for (int i = first; i < last; i++) {
      long address = start + ((long) (i - first) << 12);
      boolean cached = file != null && file.mapping.page(vma.pgoffOf(address)) >= 0;
      vec[i] = (byte) (cached ? 1 : 0);
    }
    if (vma.has(VmFlags.VM_PFNMAP)) {
      return;
    }
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      if (Pte.present(cursor.value())) {
        long from = Math.max(cursor.addr(), start);
        long to = Math.min(cursor.addr() + PageTable.span(cursor.level()), end);
        Arrays.fill(
            vec,
            first + (int) ((from - start) >>> 12),
            first + (int) ((to - start) >>> 12),
            (byte) 1);
      }
    }
  }
}
