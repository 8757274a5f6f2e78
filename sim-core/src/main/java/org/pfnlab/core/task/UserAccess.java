package org.pfnlab.core.task;

import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.gup.ExpandStack;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;

/**
 * What a CPU does with a user address: the MMU's walk, which sets accessed and dirty bits, and
 * x86's do_user_addr_fault where the walk finds nothing usable. Also the kernel's own accesses to
 * user memory, which fail where user code would get a signal.
 *
 * <p>Hot calls return a long and allocate nothing: a value or physical byte address that is &gt;=
 * 0, or one of the negative codes below. There is no TLB: every access walks.
 */
public final class UserAccess {
  /** lock_vma_under_rcu calls. */
  public static final Event VMA_LOCK =
      Event.define("task.vma_lock", "lock_vma_under_rcu: per-VMA lock tried by a user fault");

  /** Faults that the CPU raised. */
  public static final Event FAULT = Event.define("task.fault", "do_user_addr_fault");

  /** VMAs with an object are faulted in under their own lock too, where ->fault allows it. */
  public static final Feature VMA_LOCK_FOR_FILES =
      Feature.define(
          "VMA_LOCK_FOR_FILES",
          "v6.6: lock_vma_under_rcu no longer insists on anonymous VMAs",
          Releases.since("v6.6"));

  /** SIGSEGV with SEGV_MAPERR: nothing is mapped there, or the fault handler says so. */
  public static final long SEGV_MAPERR = -1;

  /** SIGSEGV with SEGV_ACCERR: the mapping forbids it. */
  public static final long SEGV_ACCERR = -2;

  /** SIGBUS with BUS_ADRERR: the object has nothing there. */
  public static final long BUS_ADRERR = -3;

  /** SIGBUS with BUS_MCEERR_AR: the page is poisoned. */
  public static final long BUS_MCEERR_AR = -4;

  /** SIGSEGV with SI_KERNEL: the address is not canonical. */
  public static final long NOT_CANONICAL = -5;

  /** The OOM killer ended the process. */
  public static final long OOM_KILLED = -6;

  /** The fault handler reports success for ever, and the instruction faults again. */
  public static final long LOOPS = -7;

  /** VM_FAULT_RETRY, in the place of a code. */
  private static final long RETRY = -8;

  private static final long READS = Pte.PRESENT | Pte.USER;
  private static final long WRITES = READS | Pte.RW;

  /** A fault may be raised this often for one access before we say that it loops. */
  private static final int LOOPS_AFTER = 16;

  private static final int USER_FLAGS =
      VmFault.FLAG_USER | VmFault.FLAG_ALLOW_RETRY | VmFault.FLAG_KILLABLE;

  private final Meter meter;
  private final Frames frames;
  private final FaultHandler faults;
  private final ExpandStack stack;
  private final PageBytes bytes;
  private final boolean triesVmaLock;
  private final boolean vmaLockForFiles;

  /** Accesses memory by the rules of this kernel. */
  public UserAccess(Kernel kernel, Frames frames, FaultHandler faults, ExpandStack stack) {
    this.meter = kernel.meter;
    this.frames = frames;
    this.faults = faults;
    this.stack = stack;
    this.bytes = new PageBytes(frames);
    this.triesVmaLock = kernel.has(FaultHandler.PER_VMA_LOCK);
    this.vmaLockForFiles = kernel.has(VMA_LOCK_FOR_FILES);
  }

  /** Loads one byte: 0 to 255, or a negative code. */
  public long load(Mm mm, long address) {
    long at = translate(mm, address, READS, READS, 0, true);
    return at < 0 ? at : frames.load(at >>> 12, (int) at & 0xfff) & 0xff;
  }

  /** Stores one byte: 0, or a negative code. */
  public long store(Mm mm, long address, byte value) {
    long at = translate(mm, address, WRITES, WRITES, VmFault.FLAG_WRITE, true);
    if (at < 0) {
      return at;
    }
    frames.store(at >>> 12, (int) at & 0xfff, value);
    return 0;
  }

  /** Jumps to the address and returns: 0, or a negative code. */
  public long exec(Mm mm, long address) {
    long at = translate(mm, address, READS | Pte.NX, READS, VmFault.FLAG_INSTRUCTION, true);
    return Math.min(at, 0);
  }

  /**
   * Makes a load possible.
   *
   * @return the physical byte address to load from, or a negative code
   */
  public long read(Mm mm, long address) {
    return translate(mm, address, READS, READS, 0, true);
  }

  /**
   * Makes a store possible, and leaves the entry dirty as the store would.
   *
   * @return the physical byte address to store to, or a negative code
   */
  public long write(Mm mm, long address) {
    return translate(mm, address, WRITES, WRITES, VmFault.FLAG_WRITE, true);
  }

  /** Stores eight bytes at an address that is a multiple of 8: 0, or a negative code. */
  public long storeWord(Mm mm, long address, long value) {
    long at = write(mm, address);
    if (at < 0) {
      return at;
    }
    frames.storeWord(at >>> 12, (int) at & 0xfff, value);
    return 0;
  }

  /** Loads eight bytes, little-endian, at an address that is a multiple of 8. */
  public Outcome loadWord(Mm mm, long address) {
    long at = read(mm, address);
    return at < 0
        ? Outcome.ofAccess(at)
        : new Outcome.Value(frames.loadWord(at >>> 12, (int) at & 0xfff));
  }

  /** Four bytes, little-endian, as the kernel reads them with get_user; negative if it cannot. */
  long getUser(Mm mm, long address) {
    long at = translate(mm, address, READS, READS, 0, false);
    return at < 0
        ? at
        : frames.loadWord(at >>> 12, (int) at & 0xff8) >>> ((at & 4) << 3) & 0xffff_ffffL;
  }

  /** copy_from_user: returns the bytes copied, which end at the first page that cannot be read. */
  public int copyFromUser(Mm mm, long address, byte[] into, int offset, int length) {
    int done = 0;
    while (done < length) {
      long at = translate(mm, address + done, READS, READS, 0, false);
      if (at < 0) {
        break;
      }
      int start = (int) at & 0xfff;
      int step = Math.min(length - done, 4096 - start);
      bytes.read(at >>> 12, start, into, offset + done, step);
      done += step;
    }
    return done;
  }

  /** copy_to_user: returns the bytes copied, which end at the first page that cannot be written. */
  public int copyToUser(Mm mm, long address, byte[] from, int offset, int length) {
    int done = 0;
    while (done < length) {
      long at = translate(mm, address + done, WRITES, WRITES, VmFault.FLAG_WRITE, false);
      if (at < 0) {
        break;
      }
      int start = (int) at & 0xfff;
      int step = Math.min(length - done, 4096 - start);
      bytes.write(at >>> 12, start, from, offset + done, step);
      done += step;
    }
    return done;
  }

  /** The signal and si_code of a negative code: {@code SIGSEGV/SEGV_MAPERR}. */
  public static String signalName(long code) {
    if (code == SEGV_MAPERR) {
      return "SIGSEGV/SEGV_MAPERR";
    } else if (code == SEGV_ACCERR) {
      return "SIGSEGV/SEGV_ACCERR";
    } else if (code == BUS_ADRERR) {
      return "SIGBUS/BUS_ADRERR";
    } else if (code == BUS_MCEERR_AR) {
      return "SIGBUS/BUS_MCEERR_AR";
    } else if (code == NOT_CANONICAL) {
      return "SIGSEGV/SI_KERNEL";
    }
    throw new IllegalArgumentException(code + " stands for no signal");
  }

  private long translate(
      Mm mm, long address, long mask, long required, int faultFlags, boolean userMode) {
    if (Long.compareUnsigned(address, Mm.TASK_SIZE) >= 0) {
      return address >>> 47 == 0 || address >> 47 == -1 ? SEGV_MAPERR : NOT_CANONICAL;
    }
    PageTable.Table leaf = mm.pageTable.leaf(address);
    if (leaf != null) {
      int index = PageTable.index(address);
      long pte = leaf.entries[index];
      if ((pte & mask) == required) {
        long marked = marked(pte, faultFlags);
        if (marked != pte) {
          leaf.entries[index] = marked;
        }
        return (Pte.pfn(pte) << 12) | (address & 0xfff);
      }
    }
    return fault(mm, address, mask, required, faultFlags, userMode);
  }

  /** The entry as the hardware leaves it. */
  private static long marked(long pte, int faultFlags) {
    return (faultFlags & VmFault.FLAG_WRITE) != 0
        ? pte | Pte.ACCESSED | Pte.DIRTY
        : pte | Pte.ACCESSED;
  }

  private long fault(
      Mm mm, long address, long mask, long required, int faultFlags, boolean userMode) {
    PageTable pageTable = mm.pageTable;
    for (int attempt = 0; attempt < LOOPS_AFTER; attempt++) {
      PageTable.Table leaf = pageTable.leaf(address);
      int level = leaf != null ? 1 : pageTable.levelAt(address);
      long entry =
          leaf != null
              ? leaf.entries[PageTable.index(address)]
              : level == 0 ? 0 : pageTable.get(address);
      if ((entry & mask) == required) {
        return use(pageTable, address, entry, level, faultFlags);
      }
      long failed = handle(mm, address, Pte.hwPresent(entry), faultFlags, userMode);
      if (failed != 0) {
        return failed;
      }
    }
    return LOOPS;
  }

  /** The access itself: marks the leaf and says where it leads. */
  private static long use(
      PageTable pageTable, long address, long entry, int level, int faultFlags) {
    long marked = marked(entry, faultFlags);
    long base = address & -PageTable.span(level);
    if (level == 1) {
      if (marked != entry) {
        pageTable.set(base, marked);
      }
      return (Pte.pfn(entry) << 12) + (address - base);
    }
    if (marked != entry) {
      pageTable.setHuge(base, level, marked);
    }
    return (Pte.pfn(entry, level) << 12) + (address - base);
  }

  /** do_user_addr_fault: 0 if the access may be tried again, or a negative code. */
  private long handle(Mm mm, long address, boolean present, int faultFlags, boolean userMode) {
    meter.count(FAULT);
    if (!meter.tracing) {
      return resolve(mm, address, present, faultFlags, userMode);
    }
    meter.enter("do_user_addr_fault", address, faultFlags);
    long code = resolve(mm, address, present, faultFlags, userMode);
    if (code != 0) {
      meter.note(Outcome.ofAccess(code) + (userMode ? "" : ", which the kernel's fixup catches"));
    }
    meter.exit("do_user_addr_fault", 0);
    return code;
  }

  private long resolve(Mm mm, long address, boolean present, int faultFlags, boolean userMode) {
    if (triesVmaLock && userMode) {
      meter.count(VMA_LOCK);
      Vma vma = mm.vmas.lookup(address);
      if (vma != null && (vmaLockForFiles || vma.isAnonymous())) {
        if (isForbidden(vma, present, faultFlags)) {
          return SEGV_ACCERR;
        }
        int flags = faultFlags | USER_FLAGS | VmFault.FLAG_VMA_LOCK;
        int result = faults.handleMmFault(vma, address, flags);
        if ((result & VmFault.RETRY) == 0) {
          return code(result);
        }
      }
    }
    int flags = faultFlags | (userMode ? USER_FLAGS : USER_FLAGS & ~VmFault.FLAG_USER);
    long first = resolveLocked(mm, address, present, flags);
    return first != RETRY ? first : resolveLocked(mm, address, present, flags | VmFault.FLAG_TRIED);
  }

  /** One try under mmap_lock: a code, or {@link #RETRY} if the fault gave the lock up. */
  private long resolveLocked(Mm mm, long address, boolean present, int flags) {
    mm.readLock();
    try {
      Vma vma = stack.find(mm, address);
      if (vma == null) {
        return SEGV_MAPERR;
      }
      if (isForbidden(vma, present, flags)) {
        return SEGV_ACCERR;
      }
      int result = faults.handleMmFault(vma, address, flags);
      boolean retried = (result & (VmFault.RETRY | VmFault.ERROR)) == VmFault.RETRY;
      return retried && (flags & VmFault.FLAG_TRIED) == 0 ? RETRY : code(result);
    } finally {
      mm.readUnlock();
    }
  }

  /** access_error: execution is not asked for; the entry's NX bit answers when it is present. */
  private static boolean isForbidden(Vma vma, boolean present, int faultFlags) {
    if ((faultFlags & VmFault.FLAG_WRITE) != 0) {
      return !vma.has(VmFlags.VM_WRITE);
    }
    return present || !vma.isAccessible();
  }

  private static long code(int result) {
    if ((result & VmFault.ERROR) == 0) {
      return 0;
    }
    if ((result & VmFault.OOM) != 0) {
      return OOM_KILLED;
    }
    if ((result & VmFault.HWPOISON) != 0) {
      return BUS_MCEERR_AR;
    }
    return (result & VmFault.SIGBUS) != 0 ? BUS_ADRERR : SEGV_MAPERR;
  }
}
