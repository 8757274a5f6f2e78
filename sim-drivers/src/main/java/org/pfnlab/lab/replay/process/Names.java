package org.pfnlab.lab.replay.process;

import com.google.common.collect.ImmutableMap;

/** The names that recordings give to flags and advices, with their uapi values. */
final class Names {
  static final ImmutableMap<String, Long> MMAP =
      ImmutableMap.<String, Long>builder()
          .put("shared", 0x01L)
          .put("private", 0x02L)
          .put("shared_validate", 0x03L)
          .put("droppable", 0x08L)
          .put("fixed", 0x10L)
          .put("anon", 0x20L)
          .put("growsdown", 0x100L)
          .put("locked", 0x2000L)
          .put("noreserve", 0x4000L)
          .put("populate", 0x8000L)
          .put("nonblock", 0x1_0000L)
          .put("stack", 0x2_0000L)
          .put("sync", 0x8_0000L)
          .put("fixed_noreplace", 0x10_0000L)
          .buildOrThrow();

  static final ImmutableMap<String, Long> MREMAP =
      ImmutableMap.of("none", 0L, "maymove", 1L, "fixed", 2L, "dontunmap", 4L);

  static final ImmutableMap<String, Long> MSYNC =
      ImmutableMap.of("none", 0L, "async", 1L, "invalidate", 2L, "sync", 4L);

  static final ImmutableMap<String, Long> MLOCK2 = ImmutableMap.of("onfault", 1L);

  static final ImmutableMap<String, Long> MLOCKALL =
      ImmutableMap.of("current", 1L, "future", 2L, "onfault", 4L);

  static final ImmutableMap<String, Long> SEALS =
      ImmutableMap.of("seal", 1L, "shrink", 2L, "grow", 4L, "write", 8L, "future_write", 16L);

  static final ImmutableMap<String, Long> ADVICE =
      ImmutableMap.<String, Long>builder()
          .put("normal", 0L)
          .put("random", 1L)
          .put("sequential", 2L)
          .put("willneed", 3L)
          .put("dontneed", 4L)
          .put("free", 8L)
          .put("remove", 9L)
          .put("dontfork", 10L)
          .put("dofork", 11L)
          .put("mergeable", 12L)
          .put("unmergeable", 13L)
          .put("hugepage", 14L)
          .put("nohugepage", 15L)
          .put("dontdump", 16L)
          .put("dodump", 17L)
          .put("wipeonfork", 18L)
          .put("keeponfork", 19L)
          .put("cold", 20L)
          .put("pageout", 21L)
          .put("populate_read", 22L)
          .put("populate_write", 23L)
          .put("dontneed_locked", 24L)
          .put("collapse", 25L)
          .put("guard_install", 102L)
          .put("guard_remove", 103L)
          .put("bogus", 9999L)
          .buildOrThrow();

  private Names() {}
}
