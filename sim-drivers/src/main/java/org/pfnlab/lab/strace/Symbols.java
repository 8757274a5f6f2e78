package org.pfnlab.lab.strace;

import com.google.common.collect.ImmutableMap;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mlock;
import org.pfnlab.core.vma.Mremap;

/** The symbols that strace prints for flags and commands of the memory calls, with their values. */
public enum Symbols {
  /** PROT_* of mmap and mprotect. */
  PROT(
      ImmutableMap.<String, Integer>builder()
          .put("PROT_NONE", 0)
          .put("PROT_READ", MapFlags.PROT_READ)
          .put("PROT_WRITE", MapFlags.PROT_WRITE)
          .put("PROT_EXEC", MapFlags.PROT_EXEC)
          .put("PROT_SEM", MapFlags.PROT_SEM)
          .put("PROT_GROWSDOWN", MapFlags.PROT_GROWSDOWN)
          .put("PROT_GROWSUP", MapFlags.PROT_GROWSUP)
          .buildOrThrow()),

  /** MAP_* of mmap. */
  MAP(
      ImmutableMap.<String, Integer>builder()
          .put("MAP_FILE", 0)
          .put("MAP_SHARED", MapFlags.MAP_SHARED)
          .put("MAP_PRIVATE", MapFlags.MAP_PRIVATE)
          .put("MAP_SHARED_VALIDATE", MapFlags.MAP_SHARED_VALIDATE)
          .put("MAP_DROPPABLE", MapFlags.MAP_DROPPABLE)
          .put("MAP_FIXED", MapFlags.MAP_FIXED)
          .put("MAP_ANONYMOUS", MapFlags.MAP_ANONYMOUS)
          .put("MAP_ANON", MapFlags.MAP_ANONYMOUS)
          .put("MAP_32BIT", MapFlags.MAP_32BIT)
          .put("MAP_ABOVE4G", 0x80)
          .put("MAP_GROWSDOWN", MapFlags.MAP_GROWSDOWN)
          .put("MAP_DENYWRITE", MapFlags.MAP_DENYWRITE)
          .put("MAP_EXECUTABLE", MapFlags.MAP_EXECUTABLE)
          .put("MAP_LOCKED", MapFlags.MAP_LOCKED)
          .put("MAP_NORESERVE", MapFlags.MAP_NORESERVE)
          .put("MAP_POPULATE", MapFlags.MAP_POPULATE)
          .put("MAP_NONBLOCK", MapFlags.MAP_NONBLOCK)
          .put("MAP_STACK", MapFlags.MAP_STACK)
          .put("MAP_HUGETLB", MapFlags.MAP_HUGETLB)
          .put("MAP_SYNC", MapFlags.MAP_SYNC)
          .put("MAP_FIXED_NOREPLACE", MapFlags.MAP_FIXED_NOREPLACE)
          .put("MAP_UNINITIALIZED", 0x400_0000)
          .put("MAP_HUGE_SHIFT", 26)
          .buildOrThrow()),

  /** MREMAP_* of mremap. */
  MREMAP(
      ImmutableMap.of(
          "MREMAP_MAYMOVE", Mremap.MREMAP_MAYMOVE,
          "MREMAP_FIXED", Mremap.MREMAP_FIXED,
          "MREMAP_DONTUNMAP", Mremap.MREMAP_DONTUNMAP)),

  /** MADV_* of madvise. */
  MADV(
      ImmutableMap.<String, Integer>builder()
          .put("MADV_NORMAL", Advice.MADV_NORMAL)
          .put("MADV_RANDOM", Advice.MADV_RANDOM)
          .put("MADV_SEQUENTIAL", Advice.MADV_SEQUENTIAL)
          .put("MADV_WILLNEED", Advice.MADV_WILLNEED)
          .put("MADV_DONTNEED", Advice.MADV_DONTNEED)
          .put("MADV_FREE", Advice.MADV_FREE)
          .put("MADV_REMOVE", Advice.MADV_REMOVE)
          .put("MADV_DONTFORK", Advice.MADV_DONTFORK)
          .put("MADV_DOFORK", Advice.MADV_DOFORK)
          .put("MADV_MERGEABLE", Advice.MADV_MERGEABLE)
          .put("MADV_UNMERGEABLE", Advice.MADV_UNMERGEABLE)
          .put("MADV_HUGEPAGE", Advice.MADV_HUGEPAGE)
          .put("MADV_NOHUGEPAGE", Advice.MADV_NOHUGEPAGE)
          .put("MADV_DONTDUMP", Advice.MADV_DONTDUMP)
          .put("MADV_DODUMP", Advice.MADV_DODUMP)
          .put("MADV_WIPEONFORK", Advice.MADV_WIPEONFORK)
          .put("MADV_KEEPONFORK", Advice.MADV_KEEPONFORK)
          .put("MADV_COLD", Advice.MADV_COLD)
          .put("MADV_PAGEOUT", Advice.MADV_PAGEOUT)
          .put("MADV_POPULATE_READ", Advice.MADV_POPULATE_READ)
          .put("MADV_POPULATE_WRITE", Advice.MADV_POPULATE_WRITE)
          .put("MADV_DONTNEED_LOCKED", Advice.MADV_DONTNEED_LOCKED)
          .put("MADV_COLLAPSE", Advice.MADV_COLLAPSE)
          .put("MADV_HWPOISON", 100)
          .put("MADV_SOFT_OFFLINE", 101)
          .put("MADV_GUARD_INSTALL", Advice.MADV_GUARD_INSTALL)
          .put("MADV_GUARD_REMOVE", Advice.MADV_GUARD_REMOVE)
          .buildOrThrow()),

  /** MLOCK_* of mlock2. */
  MLOCK(ImmutableMap.of("MLOCK_ONFAULT", Mlock.MLOCK_ONFAULT)),

  /** MCL_* of mlockall. */
  MCL(
      ImmutableMap.of(
          "MCL_CURRENT", Mlock.MCL_CURRENT,
          "MCL_FUTURE", Mlock.MCL_FUTURE,
          "MCL_ONFAULT", Mlock.MCL_ONFAULT)),

  /** MS_* of msync. */
  MS(ImmutableMap.of("MS_ASYNC", 1, "MS_INVALIDATE", 2, "MS_SYNC", 4));

  private final ImmutableMap<String, Integer> values;

  Symbols(ImmutableMap<String, Integer> values) {
    this.values = values;
  }

  /** The symbols with their values. */
  public ImmutableMap<String, Integer> table() {
    return values;
  }
}
