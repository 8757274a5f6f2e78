package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.Msync;
import org.pfnlab.core.vma.Userfaultfd;

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
          .put("mlock", RangeOps::mlock)
          .put("mlock2_onfault", RangeOps::mlockOnFault)
          .put("munlock", RangeOps::munlock)
          .put("madvise:NORMAL", RangeOps.madvise(Advice.MADV_NORMAL))
          .put("madvise:WILLNEED", RangeOps.madvise(Advice.MADV_WILLNEED))
          .put("madvise:DONTNEED", RangeOps.madvise(Advice.MADV_DONTNEED))
          .put("madvise:FREE", RangeOps.madvise(Advice.MADV_FREE))
          .put("madvise:REMOVE", RangeOps.madvise(Advice.MADV_REMOVE))
          .put("madvise:DONTFORK", RangeOps.madvise(Advice.MADV_DONTFORK))
          .put("madvise:DOFORK", RangeOps.madvise(Advice.MADV_DOFORK))
          .put("madvise:MERGEABLE", RangeOps.madvise(Advice.MADV_MERGEABLE))
          .put("madvise:HUGEPAGE", RangeOps.madvise(Advice.MADV_HUGEPAGE))
          .put("madvise:DONTDUMP", RangeOps.madvise(Advice.MADV_DONTDUMP))
          .put("madvise:DODUMP", RangeOps.madvise(Advice.MADV_DODUMP))
          .put("madvise:WIPEONFORK", RangeOps.madvise(Advice.MADV_WIPEONFORK))
          .put("madvise:COLD", RangeOps.madvise(Advice.MADV_COLD))
          .put("madvise:PAGEOUT", RangeOps.madvise(Advice.MADV_PAGEOUT))
          .put("madvise:POPULATE_READ", RangeOps.madvise(Advice.MADV_POPULATE_READ))
          .put("madvise:POPULATE_WRITE", RangeOps.madvise(Advice.MADV_POPULATE_WRITE))
          .put("madvise:DONTNEED_LOCKED", RangeOps.madvise(Advice.MADV_DONTNEED_LOCKED))
          .put("madvise:COLLAPSE", RangeOps.madvise(Advice.MADV_COLLAPSE))
          .put("mremap:grow_inplace", RemapOps.growInPlace())
          .put("mremap:grow_maymove", RemapOps.growMayMove())
          .put("mremap:move_fixed", RemapOps.moveFixed())
          .put("mremap:shrink", RemapOps.shrink())
          .put("mremap:dontunmap", RemapOps.dontUnmap())
          .put("mremap:dup_oldsize0", RemapOps.duplicate())
          .put("mremap:grow_fixed", RemapOps.growFixed())
          .put("mremap:move_one_page", RemapOps.moveOnePage())
          .put("msync:SYNC", RangeOps.msync(Msync.MS_SYNC))
          .put("msync:ASYNC", RangeOps.msync(Msync.MS_ASYNC))
          .put("msync:INVALIDATE", RangeOps.msync(Msync.MS_INVALIDATE))
          .put("mincore", RangeOps::mincore)
          .put("move_pages:query", RangeOps.movePages(false))
          .put("move_pages:node0", RangeOps.movePages(true))
          .put("mbind:BIND_STRICT_MOVE", RangeOps::mbind)
          .put(
              "uffd_register:MISSING",
              RangeOps.userfaultfd(Userfaultfd.UFFDIO_REGISTER_MODE_MISSING))
          .put("uffd_register:WP", RangeOps.userfaultfd(Userfaultfd.UFFDIO_REGISTER_MODE_WP))
          .put("uffd_register:MINOR", RangeOps.userfaultfd(Userfaultfd.UFFDIO_REGISTER_MODE_MINOR))
          .put("mprotect:NONE", ProtectOps.whole(0))
          .put("mprotect:R", ProtectOps.whole(1))
          .put("mprotect:RW", ProtectOps.whole(3))
          .put("mprotect:R_page1_only", ProtectOps.secondPage(1))
          .put("mprotect:NONE_page1_only", ProtectOps.secondPage(0))
          .put("munmap_hole", MappingOps::hole)
          .put("munmap_first_page", run -> MappingOps.edge(run, false))
          .put("munmap_last_page", run -> MappingOps.edge(run, true))
          .put("fork", ForkOps::fork)
          .put("fork_after_DONTFORK", ForkOps.afterAdvice(Advice.MADV_DONTFORK))
          .put("fork_after_WIPEONFORK", ForkOps.afterAdvice(Advice.MADV_WIPEONFORK))
          .put("pin_outlives_buffer", CopyOps::pinOutlivesBuffer)
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
