package org.pfnlab.lab.matrix;

import static org.pfnlab.lab.matrix.Operation.History.LOAD;
import static org.pfnlab.lab.matrix.Operation.History.NONE;
import static org.pfnlab.lab.matrix.Operation.History.STORE;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;

/** The operations that can be done to a mapping, by name. */
public final class Operations {
  private static final int WRITE = GupFlags.FOLL_WRITE;

  /** mmap itself, which must work before anything else can be done. */
  static final Operation MMAP =
      new Operation("mmap", "mmap, PROT_READ | PROT_WRITE", NONE, "mmap_pat", scene -> Verdict.OK);

  private static final ImmutableMap<String, Operation> ALL =
      Maps.uniqueIndex(
          ImmutableList.of(
              MMAP,
              op("load", "load from both ends", NONE, "access", Touching::load),
              op("store", "load, then store at both ends", NONE, "access", Touching::store),
              op("gup", "get_user_pages", NONE, "gup_test:gup_slow", Reaching.slow(0)),
              op(
                  "gup-write",
                  "get_user_pages for writing",
                  NONE,
                  "gup_test:gup_slow_write",
                  Reaching.slow(WRITE)),
              op(
                  "gup-fast",
                  "get_user_pages_fast of loaded pages",
                  LOAD,
                  "gup_test:gup_fast",
                  Reaching.fast(0)),
              op(
                  "longterm",
                  "pin_user_pages for writing, FOLL_LONGTERM",
                  NONE,
                  "gup_test:pin_longterm_write",
                  Reaching.longterm(WRITE)),
              op(
                  "process-vm-read",
                  "process_vm_readv",
                  NONE,
                  "process_vm_readv_self",
                  Reaching::processVmRead),
              op(
                  "process-vm-write",
                  "process_vm_writev",
                  NONE,
                  "process_vm_writev_self",
                  Reaching::processVmWrite),
              op(
                  "proc-mem-read",
                  "read from /proc/self/mem",
                  NONE,
                  "proc_self_mem_read",
                  Reaching::procMemRead),
              op(
                  "proc-mem-write",
                  "write to /proc/self/mem",
                  NONE,
                  "proc_self_mem_write",
                  Reaching::procMemWrite),
              op("ptrace-peek", "PTRACE_PEEKDATA", NONE, "ptrace_peekdata", Reaching::peek),
              op("vmsplice", "vmsplice, then read the pipe", NONE, "vmsplice", Reaching::vmsplice),
              op(
                  "odirect-write",
                  "write to an O_DIRECT file",
                  NONE,
                  "odirect_write",
                  Reaching::directWrite),
              op(
                  "odirect-read",
                  "read from an O_DIRECT file",
                  NONE,
                  "odirect_read",
                  Reaching::directRead),
              op("write", "write to a file", NONE, "buffered_write", Reaching::bufferedWrite),
              op(
                  "futex",
                  "FUTEX_WAIT, shared, for another value",
                  NONE,
                  "futex_shared",
                  Reaching::futex),
              op(
                  "uring-register",
                  "IORING_REGISTER_BUFFERS",
                  NONE,
                  "iouring_register_buffers",
                  Reaching::register),
              op("fork", "fork after loading", LOAD, "fork", Touching::fork),
              op("child-load", "load in a child", LOAD, "fork", Touching::childLoads),
              op("child-store", "store in a child", LOAD, "fork", Touching::childStores),
              op(
                  "gup-after-store",
                  "get_user_pages of stored pages",
                  STORE,
                  "gup_test:gup_slow",
                  Reaching.slow(0)),
              op(
                  "gup-fast-after-store",
                  "get_user_pages_fast of stored pages",
                  STORE,
                  "gup_test:gup_fast",
                  Reaching.fast(0)),
              op("fork-after-store", "fork after storing", STORE, "fork", Touching::fork),
              op("mprotect", "mprotect to PROT_READ", LOAD, "mprotect:R", Reshaping::protect),
              op(
                  "mremap-grow",
                  "mremap to twice the size, MREMAP_MAYMOVE",
                  LOAD,
                  "mremap:grow_maymove",
                  Reshaping::grow),
              op(
                  "mremap-move",
                  "mremap to another address",
                  LOAD,
                  "mremap:move_fixed",
                  Reshaping::move),
              op(
                  "dontneed",
                  "MADV_DONTNEED, then load",
                  LOAD,
                  "madvise:DONTNEED",
                  Reshaping::discard),
              op(
                  "populate",
                  "MADV_POPULATE_READ",
                  NONE,
                  "madvise:POPULATE_READ",
                  Reshaping::populate),
              op("mlock", "mlock", NONE, "mlock", Reshaping::lock),
              op("msync", "msync, MS_SYNC", LOAD, "msync:SYNC", Reshaping::sync),
              op(
                  "revoke",
                  "load after the driver took its pages away",
                  LOAD,
                  "revoke",
                  Touching::revoked)),
          Operation::name);

  private static final ImmutableList<Operation> ESSENTIAL =
      these(
          "mmap",
          "load",
          "store",
          "gup",
          "gup-fast",
          "longterm",
          "process-vm-read",
          "vmsplice",
          "odirect-write",
          "futex",
          "fork",
          "child-store");

  private Operations() {}

  private static Operation op(
      String name, String about, Operation.History before, String recordedAs, Operation.Act act) {
    return new Operation(name, about, before, recordedAs, act);
  }

  private static ImmutableList<Operation> these(String... names) {
    ImmutableList.Builder<Operation> these = ImmutableList.builder();
    for (String name : names) {
      these.add(get(name));
    }
    return these.build();
  }

  /** All of them, mmap first. */
  public static ImmutableList<Operation> all() {
    return ALL.values().asList();
  }

  /** Those that most questions are about, which fit a terminal. */
  public static ImmutableList<Operation> essential() {
    return ESSENTIAL;
  }

  /** All names. */
  public static ImmutableSet<String> names() {
    return ALL.keySet();
  }

  /** The operation of this name, or null. */
  public static @Nullable Operation find(String name) {
    return ALL.get(name);
  }

  /**
   * The operation of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Operation get(String name) {
    Operation operation = ALL.get(name);
    if (operation == null) {
      throw new IllegalArgumentException("no operation is called " + name);
    }
    return operation;
  }
}
