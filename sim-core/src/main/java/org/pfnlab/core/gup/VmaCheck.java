package org.pfnlab.core.gup;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;

/**
 * check_vma_flags (mm/gup.c): whether the slow path may take pages of this VMA. VM_MIXEDMAP and
 * VM_DONTEXPAND are not among its questions.
 *
 * <p>Left out: fsdax, hugetlb, protection keys, shadow stacks.
 */
public final class VmaCheck {
  /** check_vma_flags calls. */
  public static final Event CHECKED = Event.define("gup.check_vma_flags", "check_vma_flags");

  /** memfd_secret exists, and get_user_pages knows it. */
  public static final Feature GUP_REFUSES_SECRETMEM =
      Feature.define(
          "GUP_REFUSES_SECRETMEM",
          "1507f51255c9, v5.14: memfd_secret; its pages cannot be got",
          Releases.since("v5.14"));

  /** A long-term write pin of shared memory whose dirtiness a filesystem must hear about fails. */
  public static final Feature LONGTERM_REFUSES_FILE_BACKED =
      Feature.define(
          "LONGTERM_REFUSES_FILE_BACKED",
          "8ac268436e6d, v6.5: FOLL_LONGTERM|FOLL_PIN|FOLL_WRITE checks vma_needs_dirty_tracking",
          Releases.since("v6.5"));

  private static final int LONGTERM_PIN = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;

  private final Meter meter;
  private final GupHooks.@Nullable SlowCheck hook;
  private final boolean refusesSecretmem;
  private final boolean refusesFileBacked;

  VmaCheck(Kernel kernel) {
    this.meter = kernel.meter;
    this.hook = kernel.hooks().get(GupHooks.SLOW);
    this.refusesSecretmem = kernel.has(GUP_REFUSES_SECRETMEM);
    this.refusesFileBacked = kernel.has(LONGTERM_REFUSES_FILE_BACKED);
  }

  /** 0, or -errno: the kernel's verdict, then the policies'. */
  long check(Vma vma, long address, int flags) {
    meter.count(CHECKED);
    long verdict = verdict(vma, flags) ? 0 : -Errno.EFAULT;
    if (hook != null) {
      verdict = hook.check(vma, address, flags, verdict);
    }
    if (meter.tracing) {
      meter.note("check_vma_flags " + vma + ": " + (verdict == 0 ? "ok" : Errno.name(verdict)));
    }
    return verdict;
  }

  private boolean verdict(Vma vma, int flags) {
    if (vma.hasAny(VmFlags.VM_IO | VmFlags.VM_PFNMAP)) {
      return false;
    }
    if ((flags & GupFlags.FOLL_ANON) != 0 && !vma.isAnonymous()) {
      return false;
    }
    VmOps ops = vma.ops;
    if (refusesSecretmem && ops != null && ops.isSecretmem()) {
      return false;
    }
    boolean force = (flags & GupFlags.FOLL_FORCE) != 0;
    if ((flags & GupFlags.FOLL_WRITE) == 0) {
      return vma.has(VmFlags.VM_READ) || (force && vma.has(VmFlags.VM_MAYREAD));
    }
    if (refusesFileBacked && GupFlags.has(flags, LONGTERM_PIN) && needsDirtyTracking(vma)) {
      return false;
    }
    return vma.has(VmFlags.VM_WRITE) || (force && vma.isCowMapping());
  }

  /** vma_needs_dirty_tracking: a shared writable VMA whose stores a filesystem has to see. */
  private static boolean needsDirtyTracking(Vma vma) {
    VmOps ops = vma.ops;
    if (ops == null || !vma.has(VmFlags.VM_SHARED | VmFlags.VM_WRITE)) {
      return false;
    }
    OpenFile file = vma.file;
    return ops.hasPageMkwrite() || ops.hasPfnMkwrite() || (file != null && file.mapping.writeback);
  }
}
