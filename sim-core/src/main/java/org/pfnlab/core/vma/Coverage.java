package org.pfnlab.core.vma;

import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;

/** Whether a range is mapped without holes, which some calls ask before they do anything. */
final class Coverage {
  private Coverage() {}

  /** Whether every page of [start, end), byte addresses, lies in some VMA. */
  static boolean isWhole(Mm mm, long start, long end) {
    if (Long.compareUnsigned(end, Mm.TASK_SIZE) > 0) {
      return false;
    }
    long at = start;
    while (at < end) {
      Vma vma = mm.vmas.lookup(at);
      if (vma == null) {
        return false;
      }
      at = vma.end;
    }
    return true;
  }
}
