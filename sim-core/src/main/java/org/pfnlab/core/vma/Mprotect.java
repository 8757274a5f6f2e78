package org.pfnlab.core.vma;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.HugeAnon;

/** mprotect (mm/mprotect.c): do_mprotect_pkey, mprotect_fixup, change_protection. */
public final class Mprotect {
  /** change_pte_range, once a table of small entries. */
  public static final Event CHANGE_TABLE = Event.define("vma.change_table", "change_pte_range");

  /** change_protection calls. */
  public static final Event CHANGE_PROTECTION =
      Event.define("vma.change_protection", "change_protection");

  /**
   * Anonymous memory that was never written gives its commit charge back when it becomes read-only.
   */
  public static final Feature UNFAULTED_UNACCOUNTED =
      Feature.define(
          "UNFAULTED_UNACCOUNTED",
          "v6.7: mprotect clears VM_ACCOUNT of an anonymous VMA without anon_vma",
          Releases.since("v6.7"));

  /**
   * Runs of entries of one folio are changed at once, so every present entry's page is asked for.
   */
  public static final Feature MPROTECT_BATCHES =
      Feature.define(
          "MPROTECT_BATCHES",
          "v6.17: mprotect changes batches of entries of large folios; recorded in 6.18.2",
          Releases.since("v6.17"));

  private static final long UNASKED = Long.MIN_VALUE;

  private final Meter meter;
  private final Frames frames;
  private final NormalPage normalPage;
  private final HugeAnon huge;
  private final VmaModify modify;
  private final Populate populate;
  private final boolean unaccounts;
  private final boolean exclusive;
  private final boolean savedDirty;
  private final boolean asksFirst;
  private final PteCursor cursor = new PteCursor();

  /** Changes protection by the rules of this kernel. */
  public Mprotect(
      Kernel kernel,
      Frames frames,
      NormalPage normalPage,
      HugeAnon huge,
      VmaModify modify,
      Populate populate) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.normalPage = normalPage;
    this.huge = huge;
    this.modify = modify;
    this.populate = populate;
    this.unaccounts = kernel.has(UNFAULTED_UNACCOUNTED);
    this.exclusive = kernel.has(WriteProtect.PAGE_ANON_EXCLUSIVE);
    this.savedDirty = kernel.has(Arch.X86_SAVED_DIRTY);
    this.asksFirst = kernel.has(MPROTECT_BATCHES);
  }

  /**
   * mprotect(2). What lies before a hole or a refusal stays changed.
   *
   * @param length bytes, rounded up to whole pages
   * @param requested PROT_* bits
   * @return 0 or -errno
   */
  public long mprotect(Mm mm, long start, long length, int requested) {
    int grows = requested & (MapFlags.PROT_GROWSDOWN | MapFlags.PROT_GROWSUP);
    int prot = requested & ~grows;
    if (grows == (MapFlags.PROT_GROWSDOWN | MapFlags.PROT_GROWSUP) || (start & 0xfff) != 0) {
      return -Errno.EINVAL;
    }
    if (length == 0) {
      return 0;
    }
    long end = start + ((length + 4095) & ~4095L);
    if (Long.compareUnsigned(end, start) <= 0) {
      return -Errno.ENOMEM;
    }
    int known = MapFlags.PROT_READ | MapFlags.PROT_WRITE | MapFlags.PROT_EXEC | MapFlags.PROT_SEM;
    if ((prot & ~known) != 0) {
      return -Errno.EINVAL;
    }
    mm.writeLock();
    try {
      return locked(mm, start, end, prot, grows);
    } finally {
      mm.writeUnlock();
    }
  }

  private long locked(Mm mm, long from, long to, int prot, int grows) {
    long start = from;
    long end = to;
    Vma vma = mm.vmas.find(start);
    if (vma == null) {
      return -Errno.ENOMEM;
    }
    if ((grows & MapFlags.PROT_GROWSDOWN) != 0) {
      if (vma.start >= end) {
        return -Errno.ENOMEM;
      }
      start = vma.start;
      if (!vma.has(VmFlags.VM_GROWSDOWN)) {
        return -Errno.EINVAL;
      }
    } else {
      if (vma.start > start) {
        return -Errno.ENOMEM;
      }
      if ((grows & MapFlags.PROT_GROWSUP) != 0) {
        return -Errno.EINVAL;
      }
    }
    long at = start;
    while (at < end && vma != null && vma.start < end) {
      if (vma.start > at) {
        return -Errno.ENOMEM;
      }
      long newFlags = MapFlags.vmProt(prot) | (vma.flags & ~VmFlags.VM_ACCESS);
      if ((newFlags & ~(newFlags >>> 4) & VmFlags.VM_ACCESS) != 0) {
        return -Errno.EACCES;
      }
      long pieceEnd = Math.min(vma.end, end);
      if (vma.ops != null) {
        long refused = vma.ops.mprotect(vma, at, pieceEnd, newFlags);
        if (refused != 0) {
          return refused;
        }
      }
      long failed = fixup(vma, at, pieceEnd, newFlags);
      if (failed != 0) {
        return failed;
      }
      at = pieceEnd;
      vma = mm.vmas.find(at);
    }
    return at < end ? -Errno.ENOMEM : 0;
  }

  private long fixup(Vma vma, long start, long end, long requested) {
    long newFlags = requested;
    long oldFlags = vma.flags;
    if (vma.has(VmFlags.VM_SEALED)) {
      return -Errno.EPERM;
    }
    if (newFlags == oldFlags) {
      return 0;
    }
    if ((newFlags & VmFlags.VM_WRITE) != 0) {
      long charged =
          VmFlags.VM_ACCOUNT
              | VmFlags.VM_WRITE
              | VmFlags.VM_HUGETLB
              | VmFlags.VM_SHARED
              | VmFlags.VM_NORESERVE;
      if ((oldFlags & charged) == 0) {
        newFlags |= VmFlags.VM_ACCOUNT;
      }
    } else if (unaccounts
        && (oldFlags & VmFlags.VM_ACCOUNT) != 0
        && vma.isAnonymous()
        && vma.anonVma == null) {
      newFlags &= ~VmFlags.VM_ACCOUNT;
    }
    @Nullable Vma target = modify.modify(vma, start, end, newFlags);
    if (target == null) {
      return modify.errno();
    }
    // A merged VMA keeps sticky flags that the request does not know of.
    target.flags = newFlags | (target.flags & VmFlags.VM_MAYBE_GUARD);
    PageProt.set(target);
    changeProtection(target, start, end);
    if ((oldFlags & (VmFlags.VM_WRITE | VmFlags.VM_SHARED | VmFlags.VM_LOCKED)) == VmFlags.VM_LOCKED
        && (newFlags & VmFlags.VM_WRITE) != 0) {
      populate.vmaRange(target, start, end);
    }
    return 0;
  }

  private void changeProtection(Vma vma, long start, long end) {
    meter.count(CHANGE_PROTECTION);
    boolean sharedNotify =
        vma.has(VmFlags.VM_WRITE | VmFlags.VM_SHARED) && PageProt.wantsWriteNotify(vma);
    boolean upgrades = exclusive && vma.has(VmFlags.VM_WRITE) && !vma.has(VmFlags.VM_SHARED);
    cursor.reset(vma.mm.pageTable, start, end);
    while (cursor.next()) {
      long old = cursor.value();
      if (!Pte.present(old)) {
        continue;
      }
      if (cursor.level() > 1) {
        long leaf = Pte.modifyHuge(old, vma.pageProt, savedDirty, cursor.level());
        cursor.set(upgrades && isExclusiveHuge(vma, leaf) ? Pte.mkWrite(leaf, savedDirty) : leaf);
        continue;
      }
      long pfn = asksFirst ? normalPage.of(vma, cursor.addr(), old) : UNASKED;
      long pte = Pte.modify(old, vma.pageProt, savedDirty);
      if (!Pte.write(pte)
          && ((sharedNotify && Pte.dirty(pte))
              || (upgrades && isExclusiveAnon(vma, cursor.addr(), pte, pfn)))) {
        pte = Pte.mkWrite(pte, savedDirty);
      }
      cursor.set(pte);
    }
    meter.count(CHANGE_TABLE, cursor.tables());
  }

  /** can_change_pmd_writable. */
  private boolean isExclusiveHuge(Vma vma, long leaf) {
    if (!HugeAnon.isIn(vma, cursor.level()) || Pte.protNone(leaf)) {
      return false;
    }
    long first = huge.first(leaf);
    return first >= 0 && huge.isExclusive(first);
  }

  /** can_change_pte_writable: a page that only we have needs no write fault to find that out. */
  private boolean isExclusiveAnon(Vma vma, long address, long pte, long known) {
    if (Pte.protNone(pte)) {
      return false;
    }
    long pfn = known != UNASKED ? known : normalPage.of(vma, address, pte);
    return pfn >= 0 && frames.has(pfn, Frames.ANON_EXCLUSIVE);
  }
}
