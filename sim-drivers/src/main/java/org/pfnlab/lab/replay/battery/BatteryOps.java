package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;

/** The battery's operations by name. */
final class BatteryOps {
  private static final int WRITE = GupFlags.FOLL_WRITE;
  private static final int FORCE = GupFlags.FOLL_WRITE | GupFlags.FOLL_FORCE;

  /** Operations that map the object on their own. */
  private static final ImmutableMap<String, BatteryOp> UNMAPPED =
      ImmutableMap.of("mmap_pat", MappingOps::memtypes, "mmap_variants", MappingOps::variants);

  /** Operations on an object that is mapped, and whose pages are prepared. */
  private static final ImmutableMap<String, BatteryOp> MAPPED =
      ImmutableMap.<String, BatteryOp>builder()
          .put("state", LookingOps::state)
          .put("access", LookingOps::access)
          .put("process_vm_readv_self", CopyOps::processVmReadSelf)
          .put("process_vm_writev_self", CopyOps::processVmWriteSelf)
          .put("process_vm_readv_forked_child", CopyOps::processVmReadChild)
          .put("process_vm_readv_remote", CopyOps::processVmReadRemote)
          .put("process_vm_writev_remote", CopyOps::processVmWriteRemote)
          .put("proc_pid_mem_read_remote", CopyOps::procMemReadRemote)
          .put("proc_pid_mem_write_remote", CopyOps::procMemWriteRemote)
          .put("ptrace_peekdata", CopyOps::peek)
          .put("ptrace_pokedata", CopyOps::poke)
          .put("vmsplice", CopyOps::vmsplice)
          .put("vmsplice_then_store", CopyOps::vmspliceThenStore)
          .put("odirect_write", CopyOps::directWrite)
          .put("odirect_read", CopyOps::directRead)
          .put("buffered_write", CopyOps::bufferedWrite)
          .put("buffered_read", CopyOps::bufferedRead)
          .put("iouring_register_buffers", PinOps::register)
          .put("futex_shared", PinOps.futex(false))
          .put("futex_private", PinOps.futex(true))
          .put("proc_self_mem_read", CopyOps::procSelfMemRead)
          .put("proc_self_mem_write", CopyOps::procSelfMemWrite)
          .put("gup_test:gup_fast", GupOps.getFast(0))
          .put("gup_test:gup_fast_write", GupOps.getFast(WRITE))
          .put("gup_test:pin_fast", GupOps.pinFast(0))
          .put("gup_test:pin_fast_write", GupOps.pinFast(WRITE))
          .put("gup_test:pin_longterm", GupOps.pinLongterm(0))
          .put("gup_test:pin_longterm_write", GupOps.pinLongterm(WRITE))
          .put("gup_test:gup_slow", GupOps.getSlow(0))
          .put("gup_test:gup_slow_write", GupOps.getSlow(WRITE))
          .put("gup_test:gup_slow_write_force", GupOps.getSlow(FORCE))
          .put("gup_test:pin_slow", GupOps.pinSlow(0))
          .put("gup_test:pin_slow_write", GupOps.pinSlow(WRITE))
          .put("mprotect:NONE", ProtectOps.whole(0))
          .put("mprotect:R", ProtectOps.whole(1))
          .put("mprotect:RW", ProtectOps.whole(3))
          .put("mprotect:R_page1_only", ProtectOps.secondPage(1))
          .put("mprotect:NONE_page1_only", ProtectOps.secondPage(0))
          .put("munmap_hole", MappingOps::hole)
          .put("munmap_first_page", run -> MappingOps.edge(run, false))
          .put("munmap_last_page", run -> MappingOps.edge(run, true))
          .put("fork", ForkOps::fork)
          .put("revoke", RevokeOps.revoke(false))
          .put("revoke_even_cows", RevokeOps.revoke(true))
          .buildOrThrow();

  private BatteryOps() {}

  /** The operation that maps the object on its own, or null. */
  static @Nullable BatteryOp unmapped(String name) {
    return UNMAPPED.get(name);
  }

  /** The operation on a mapping, or null. */
  static @Nullable BatteryOp mapped(String name) {
    return MAPPED.get(name);
  }
}
