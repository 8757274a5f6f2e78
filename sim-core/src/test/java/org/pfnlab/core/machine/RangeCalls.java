package org.pfnlab.core.machine;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Map;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mlock;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.core.vma.Msync;

/**
 * The words of {@link SmallScript} for calls on ranges: {@code move 0 4 4 maymove+fixed 20}, {@code
 * advise 0 4 dontneed}, {@code lock 0 4}, {@code seal 0 1}, {@code sync 0 4 sync}, {@code core 0
 * 4}, {@code open 0 4 rw shared P} (a file of {@link SpecialKind} P).
 */
final class RangeCalls {
  /** Its words. */
  static final ImmutableSet<String> WORDS =
      ImmutableSet.of(
          "move",
          "advise",
          "lock",
          "lock2",
          "unlock",
          "lockall",
          "unlockall",
          "seal",
          "sync",
          "core",
          "open");

  private static final ImmutableMap<String, Integer> ADVICE =
      ImmutableMap.<String, Integer>builder()
          .put("normal", Advice.MADV_NORMAL)
          .put("random", Advice.MADV_RANDOM)
          .put("sequential", Advice.MADV_SEQUENTIAL)
          .put("willneed", Advice.MADV_WILLNEED)
          .put("dontneed", Advice.MADV_DONTNEED)
          .put("free", Advice.MADV_FREE)
          .put("remove", Advice.MADV_REMOVE)
          .put("dontfork", Advice.MADV_DONTFORK)
          .put("dofork", Advice.MADV_DOFORK)
          .put("mergeable", Advice.MADV_MERGEABLE)
          .put("unmergeable", Advice.MADV_UNMERGEABLE)
          .put("hugepage", Advice.MADV_HUGEPAGE)
          .put("nohugepage", Advice.MADV_NOHUGEPAGE)
          .put("dontdump", Advice.MADV_DONTDUMP)
          .put("dodump", Advice.MADV_DODUMP)
          .put("wipeonfork", Advice.MADV_WIPEONFORK)
          .put("keeponfork", Advice.MADV_KEEPONFORK)
          .put("cold", Advice.MADV_COLD)
          .put("pageout", Advice.MADV_PAGEOUT)
          .put("populate_read", Advice.MADV_POPULATE_READ)
          .put("populate_write", Advice.MADV_POPULATE_WRITE)
          .put("dontneed_locked", Advice.MADV_DONTNEED_LOCKED)
          .put("collapse", Advice.MADV_COLLAPSE)
          .put("guard_install", Advice.MADV_GUARD_INSTALL)
          .put("guard_remove", Advice.MADV_GUARD_REMOVE)
          .put("hwpoison", 100)
          .put("bogus", 77)
          .buildOrThrow();

  private static final ImmutableMap<String, Integer> FLAGS =
      ImmutableMap.<String, Integer>builder()
          .put("none", 0)
          .put("maymove", Mremap.MREMAP_MAYMOVE)
          .put("fixed", Mremap.MREMAP_FIXED)
          .put("dontunmap", Mremap.MREMAP_DONTUNMAP)
          .put("current", Mlock.MCL_CURRENT)
          .put("future", Mlock.MCL_FUTURE)
          .put("onfault", Mlock.MCL_ONFAULT)
          .put("async", Msync.MS_ASYNC)
          .put("invalidate", Msync.MS_INVALIDATE)
          .put("sync", Msync.MS_SYNC)
          .put("unknown", 1 << 20)
          .buildOrThrow();

  private RangeCalls() {}

  static long call(Machine machine, Process process, List<String> words) {
    Syscalls calls = machine.syscalls();
    String word = words.get(0);
    if (word.equals("unlockall")) {
      return calls.munlockall(process);
    }
    if (word.equals("lockall")) {
      return calls.mlockall(process, bits(FLAGS, words.get(1)));
    }
    long address = page(words.get(1));
    long length = bytes(words.get(2));
    return switch (word) {
      case "move" ->
          calls.mremap(
              process,
              address,
              length,
              bytes(words.get(3)),
              bits(FLAGS, words.get(4)),
              words.size() > 5 ? page(words.get(5)) : 0);
      case "advise" -> calls.madvise(process, address, length, bits(ADVICE, words.get(3)));
      case "lock" -> calls.mlock(process, address, length);
      case "lock2" -> calls.mlock2(process, address, length, (int) Long.parseLong(words.get(3)));
      case "unlock" -> calls.munlock(process, address, length);
      case "seal" -> calls.mseal(process, address, length, 0);
      case "sync" -> calls.msync(process, address, length, bits(FLAGS, words.get(3)));
      case "core" -> calls.mincore(process, address, length, new byte[64]);
      case "open" -> open(machine, process, address, length, words);
      default -> throw new IllegalArgumentException("no such step: " + word);
    };
  }

  private static long open(
      Machine machine, Process process, long address, long length, List<String> words) {
    String prot = words.get(3);
    OpenFile file = SpecialKind.valueOf(words.get(5)).open(machine, (int) (length >>> 12));
    int flags = words.get(4).equals("shared") ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE;
    long result =
        machine
            .syscalls()
            .mmap(
                process,
                address,
                length,
                MapFlags.PROT_READ | (prot.contains("w") ? MapFlags.PROT_WRITE : 0),
                flags | MapFlags.MAP_FIXED,
                file,
                0);
    file.put();
    return result;
  }

  private static int bits(Map<String, Integer> names, String words) {
    int bits = 0;
    for (String word : Splitter.on('+').split(words)) {
      Integer bit = names.get(word);
      if (bit == null) {
        throw new IllegalArgumentException("no such flag or advice: " + word);
      }
      bits |= bit;
    }
    return bits;
  }

  private static long page(String word) {
    return SmallScript.BASE + bytes(word);
  }

  /** A number of pages; with a b behind it, of bytes. */
  private static long bytes(String word) {
    return word.endsWith("b")
        ? Long.parseLong(word.substring(0, word.length() - 1))
        : Long.parseLong(word) << 12;
  }
}
