package org.pfnlab.core.mm;

import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.pagetable.PageTable;

/** mm_struct: one process's address space, with its VMAs, page tables, counters and mmap_lock. */
public final class Mm {
  /** mmap_lock taken for reading. */
  public static final Event MMAP_READ_LOCK =
      Event.define("mm.mmap_read_lock", "mmap_lock taken for reading");

  /** mmap_lock taken for writing. */
  public static final Event MMAP_WRITE_LOCK =
      Event.define("mm.mmap_write_lock", "mmap_lock taken for writing");

  /** TASK_SIZE of x86-64 with four levels: the first address that is no user address. */
  public static final long TASK_SIZE = (1L << 47) - 4096;

  /** vm.mmap_min_addr, the lowest address that mmap hands out. */
  public static final long MMAP_MIN_ADDR = 65536;

  /** vm.max_map_count unless an administrator says otherwise. */
  public static final int MAX_MAP_COUNT = 65530;

  /** stack_guard_gap in bytes. */
  public static final long STACK_GUARD_GAP = 256L << 12;

  /** RLIMIT_STACK in bytes. */
  public static final long STACK_LIMIT = 8L << 20;

  /** mmap_base without ASLR: TASK_SIZE less the least room that is kept for the stack. */
  public static final long MMAP_BASE = 0x7fff_f7ff_f000L;

  private final Meter meter;
  private boolean writeLocked;
  private int readers;

  /** The VMAs. */
  public final VmaTree vmas = new VmaTree();

  /** The page tables. */
  public final PageTable pageTable;

  /** MM_ANONPAGES in pages. */
  public long anonRss;

  /** MM_FILEPAGES in pages. */
  public long fileRss;

  /** MM_SHMEMPAGES in pages. */
  public long shmemRss;

  /** locked_vm in pages. */
  public long lockedVm;

  /** vm.max_map_count of the machine that this address space is on. */
  public int maxMapCount = MAX_MAP_COUNT;

  /** total_vm in pages. */
  public long totalVm;

  /** def_flags: VM_LOCKED and VM_LOCKONFAULT after mlockall(MCL_FUTURE). */
  public long defFlags;

  /** MMF_HAS_PINNED: some page was pinned through this mm at some time. */
  public boolean hasPinned;

  /** PR_SET_THP_DISABLE. */
  public boolean thpDisabled;

  /** mmap_base: the address below which the top-down search begins. */
  public long mmapBase = MMAP_BASE;

  /** start_brk: where the heap begins, once there is one. */
  public long startBrk;

  /** brk: the first byte behind the heap; equals {@link #startBrk} before the first brk(2). */
  public long brk;

  /** start_stack: an address in the stack that execve made; 0 while there is none. */
  public long startStack;

  /** CAP_SYS_RAWIO: MAP_FIXED below mmap_min_addr is permitted. */
  public boolean mapsLow;

  /**
   * Nobody reads or writes this memory: what is known of the process are its calls, not its faults.
   * Calls that populate then only ask whether they may.
   */
  public boolean untouched;

  /** An empty address space. */
  public Mm(Meter meter, PageTable pageTable) {
    this.meter = meter;
    this.pageTable = pageTable;
  }

  /** mmap_write_lock. */
  public void writeLock() {
    meter.lock(MMAP_WRITE_LOCK);
    writeLocked = true;
  }

  /** mmap_write_unlock. */
  public void writeUnlock() {
    meter.unlock(MMAP_WRITE_LOCK);
    writeLocked = false;
  }

  /** mmap_read_lock. */
  public void readLock() {
    meter.lock(MMAP_READ_LOCK);
    readers++;
  }

  /** mmap_read_unlock. */
  public void readUnlock() {
    meter.unlock(MMAP_READ_LOCK);
    readers--;
  }

  /** Whether mmap_lock is held for writing; vm_insert_page insists on it to set VM_MIXEDMAP. */
  public boolean isWriteLocked() {
    return writeLocked;
  }

  /** Whether mmap_lock is held at all. */
  public boolean isLocked() {
    return writeLocked || readers > 0;
  }

  /** Forgets all state; the page tables are emptied by their owner. */
  public void reset() {
    vmas.clear();
    anonRss = 0;
    fileRss = 0;
    shmemRss = 0;
    lockedVm = 0;
    totalVm = 0;
    defFlags = 0;
    hasPinned = false;
    thpDisabled = false;
    mmapBase = MMAP_BASE;
    startBrk = 0;
    brk = 0;
    startStack = 0;
    mapsLow = false;
    untouched = false;
    writeLocked = false;
    readers = 0;
  }
}
