package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.meter.Meter;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.Madvise;
import org.pfnlab.core.vma.MapFlags;

/** madvise: which advice which mapping takes, and what it does. */
class AdviceTest {
  private static final String NEW = "v6.18.44";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # advice         | P      | I      | M      | X      | H      | file   | private| anon
          normal           | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          random           | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          willneed         | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          dontneed         | EINVAL | ok     | ok     | ok     | ok     | ok     | ok     | ok
          dontneed_locked  | EINVAL | ok     | ok     | ok     | ok     | ok     | ok     | ok
          free             | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | ok
          cold             | EINVAL | ok     | ok     | ok     | ok     | ok     | ok     | ok
          pageout          | EINVAL | ok     | ok     | ok     | ok     | ok     | ok     | ok
          remove           | ENODEV | ENODEV | ENODEV | ENODEV | ENODEV | ENODEV | EACCES | EINVAL
          dontfork         | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          dofork           | EINVAL | EINVAL | ok     | ok     | ok     | ok     | ok     | ok
          wipeonfork       | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | ok
          keeponfork       | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          dontdump         | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          dodump           | EINVAL | EINVAL | EINVAL | EINVAL | ok     | ok     | ok     | ok
          mergeable        | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          unmergeable      | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          hugepage         | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          nohugepage       | ok     | ok     | ok     | ok     | ok     | ok     | ok     | ok
          populate_read    | EINVAL | EINVAL | ok     | ok     | ok     | ok     | ok     | ok
          populate_write   | EINVAL | EINVAL | ok     | ok     | ok     | ok     | ok     | ok
          collapse         | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL
          guard_install    | EINVAL | EINVAL | EINVAL | EINVAL | ok     | ok     | ok     | ok
          guard_remove     | EINVAL | EINVAL | EINVAL | EINVAL | ok     | ok     | ok     | ok
          hwpoison         | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL
          bogus            | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL | EINVAL
          """)
  void whoTakesWhat(
      String advice,
      String p,
      String i,
      String m,
      String x,
      String h,
      String file,
      String priv,
      String anon) {
    assertThat(advised("open 0 2 rw shared P", advice)).as("P").isEqualTo(p);
    assertThat(advised("open 0 2 rw shared I", advice)).as("I").isEqualTo(i);
    assertThat(advised("open 0 2 rw shared M", advice)).as("M").isEqualTo(m);
    assertThat(advised("open 0 2 rw shared X", advice)).as("X").isEqualTo(x);
    assertThat(advised("open 0 2 rw shared H", advice)).as("H").isEqualTo(h);
    assertThat(advised("open 0 2 rw shared F", advice)).as("file").isEqualTo(file);
    assertThat(advised("open 0 2 rw private F", advice)).as("private file").isEqualTo(priv);
    assertThat(advised("map 0 2 rw", advice)).as("anon").isEqualTo(anon);
  }

  private static String advised(String map, String advice) {
    return SmallScript.run(NEW, map + "; load 0; advise 0 2 " + advice).result();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # advice that came later is unknown before
          populate_read   | EINVAL | ok     | ok     | ok
          populate_write  | EINVAL | ok     | ok     | ok
          dontneed_locked | EINVAL | ok     | ok     | ok
          guard_install   | EINVAL | EINVAL | ok     | ok
          guard_remove    | EINVAL | EINVAL | ok     | ok
          cold            | ok     | ok     | ok     | ok
          """)
  void adviceComesWithItsRelease(String advice, String v511, String v61, String v618, String now) {
    assertThat(SmallScript.run("v5.11", "map 0 2 rw; advise 0 2 " + advice).result())
        .isEqualTo(v511);
    assertThat(SmallScript.run("v6.1.192", "map 0 2 rw; advise 0 2 " + advice).result())
        .isEqualTo(v61);
    assertThat(SmallScript.run("v6.18.2", "map 0 2 rw; advise 0 2 " + advice).result())
        .isEqualTo(v618);
    assertThat(SmallScript.run(NEW, "map 0 2 rw; advise 0 2 " + advice).result()).isEqualTo(now);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # flags split and, once undone, merge
          map 0 9 rw; advise 3 3 dontfork                                  | ok     | AAABBBCCC
          map 0 9 rw; advise 3 3 dontfork; advise 3 3 dofork               | ok     | AAAAAAAAA
          map 0 9 rw; advise 3 3 sequential; advise 4 1 random             | ok     | AAABCDEEE
          map 0 9 rw; advise 3 3 sequential; advise 4 1 random; advise 3 3 normal | ok | AAAAAAAAA
          map 0 6 rw; advise 0 2 hugepage; advise 2 2 nohugepage           | ok     | AABBCC
          map 0 6 rw; advise 0 2 hugepage; advise 2 2 nohugepage; advise 0 2 nohugepage | ok | AAAABB
          map 0 6 rw; advise 2 2 mergeable; advise 0 6 unmergeable         | ok     | AAAAAA
          map 0 2 rw; advise 0 2 wipeonfork; map 2 2 rw                    | ok     | AABB
          map 0 2 rw; advise 0 2 wipeonfork; map 2 2 rw; advise 0 4 keeponfork | ok | AAAA
          # special VMAs stay in pieces
          open 0 4 rw shared P; advise 1 2 random; advise 0 4 normal       | ok     | ABBC
          # a hole does not stop the rest from being advised
          map 0 2 rw; map 4 2 rw; advise 0 6 dontfork; map 2 2 rw          | ok     | AABBCC
          map 0 2 rw; map 4 2 rw; advise 0 6 dontfork                      | ENOMEM | AA..BB
          # advice first, then the address, then the length
          map 0 2 rw; advise 0 0 bogus                                     | EINVAL | AA
          map 0 2 rw; advise 100b 0 dontneed                               | EINVAL | AA
          map 0 2 rw; advise 8 0 dontneed                                  | ok     | AA
          map 0 2 rw; advise 8 1 dontneed                                  | ENOMEM | AA
          map 0 2 rw; advise 0 -1b dontneed                                | EINVAL | AA
          map 0 2 rw; advise 0 1b dontfork                                 | ok     | AB
          # what lies before a refusal has been advised
          map 0 2 rw; open 2 2 rw shared I; advise 0 4 dontfork; advise 0 4 dofork | EINVAL | AABB
          # locked memory
          map 0 2 rw; lock 0 2; advise 0 2 dontneed                        | EINVAL | AA
          map 0 2 rw; lock 0 2; advise 0 2 dontneed_locked                 | ok     | AA
          map 0 2 rw; lock 0 2; advise 0 2 free                            | EINVAL | AA
          map 0 2 rw; lock 0 2; advise 0 2 cold                            | EINVAL | AA
          map 0 2 rw; lock 0 2; advise 0 2 guard_install                   | EINVAL | AA
          map 0 2 rw; lock 0 2; advise 0 2 guard_remove                    | ok     | AA
          map 0 2 rw shared; lock 0 2; advise 0 2 remove                   | EINVAL | AA
          """)
  void ranges(String script, String result, String picture) {
    SmallScript run = SmallScript.run(NEW, script);
    assertThat(run.result()).isEqualTo(result);
    assertThat(run.picture(0)).isEqualTo(picture);
  }

  @Test
  void dontNeedForgetsPrivatePagesAndKeepsShared() {
    assertThat(loaded("map 0 2 rw; store 1; advise 0 2 dontneed", 1)).isZero();
    assertThat(loaded("map 0 2 rw shared; store 1; advise 0 2 dontneed", 1)).isEqualTo(1);
    assertThat(loaded("open 0 2 rw private H; store 1; advise 0 2 dontneed", 1)).isEqualTo(0x31);
    assertThat(loaded("open 0 2 rw shared M; store 1; advise 0 2 dontneed", 1)).isEqualTo(-3);
  }

  @ParameterizedTest
  @CsvSource({
    "v6.1.192, map 0 4 rw, 0, 1",
    "v6.18.2, map 0 4 rw, 1, 0",
    // two VMAs, or a hole: the whole address space after all
    "v6.18.2, map 0 2 rw; map 2 2 r, 1, 1",
    "v6.18.2, map 1 3 rw, 1, 1"
  })
  void dontNeedTakesTheLockOfOneVmaSinceV617(String kernel, String script, long vma, long mmap) {
    Machine machine = SmallScript.run(kernel, script).machine();
    Meter meter = machine.kernel().meter;
    meter.reset();
    Process process = machine.processes().get(0);
    machine.syscalls().madvise(process, SmallScript.BASE, 4 << 12, Advice.MADV_DONTNEED);
    assertThat(meter.get(Madvise.VMA_LOCK)).isEqualTo(vma);
    assertThat(meter.get(Mm.MMAP_READ_LOCK)).isEqualTo(mmap);
  }

  @ParameterizedTest
  @CsvSource({"v6.1.192, 3", "v6.18.2, 1"})
  void dontNeedReclaimsWholeEmptyPageTables(String kernel, int left) {
    String script =
        "map 0 1536 rw; store 0; store 600; store 1100; advise 1024 1 populate_write;"
            + " advise 500 1036 dontneed";
    SmallScript run = SmallScript.run(kernel, script);
    assertThat(run.mm(0).pageTable.tables(1)).isEqualTo(left);
  }

  @Test
  void aTableWithGuardMarkersIsNotReclaimed() {
    SmallScript run =
        SmallScript.run(NEW, "map 0 1024 rw; advise 600 1 guard_install; advise 0 1024 dontneed");
    assertThat(run.mm(0).pageTable.tables(1)).isEqualTo(1);
  }

  private static long loaded(String script, int page) {
    SmallScript run = SmallScript.run(NEW, script);
    return run.machine().userAccess().load(run.mm(0), SmallScript.BASE + ((long) page << 12));
  }

  @Test
  void freeCleansTheEntryButLosesNothingByItself() {
    SmallScript run = SmallScript.run(NEW, "map 0 2 rw; store 0; advise 0 2 free");
    long pte = run.mm(0).pageTable.get(SmallScript.BASE);
    assertThat(Pte.dirty(pte)).isFalse();
    assertThat(Pte.young(pte)).isFalse();
    assertThat(loaded("map 0 2 rw; store 0; advise 0 2 free", 0)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # what stays mapped when it is paged out: no swap device, so anonymous memory does
          map 0 2 rw; store 0; advise 0 2 pageout                     | 1
          map 0 2 rw; store 0; advise 0 2 free; advise 0 2 pageout    | 0
          map 0 2 rw; store 0; advise 0 2 free; store 0; advise 0 2 pageout | 1
          map 0 2 rw shared; store 0; advise 0 2 pageout              | 0
          open 0 2 rw shared F; load 0; advise 0 2 pageout            | 0
          open 0 2 rw private F; store 0; advise 0 2 pageout          | 1
          # pages of drivers are on no LRU list
          open 0 2 rw shared H; load 0; advise 0 2 pageout            | 1
          open 0 2 rw shared M; advise 0 2 pageout                    | 2
          # nor is anything touched that somebody else maps too
          map 0 2 rw shared; store 0; fork; 1: load 0; 0: advise 0 2 pageout | 1
          """)
  void pageOut(String script, long resident) {
    for (String kernel : new String[] {"v5.11", "v6.1.192", "v6.18.2"}) {
      SmallScript run = SmallScript.run(kernel, script);
      assertThat(run.machine().smaps().of(run.mm(0).vmas.get(0)).rss())
          .as(kernel)
          .isEqualTo(resident);
    }
  }

  @Test
  void coldMakesPagesOldUnlessTheyBelongToADriver() {
    SmallScript anon = SmallScript.run(NEW, "map 0 1 rw; store 0; advise 0 1 cold");
    assertThat(Pte.young(anon.mm(0).pageTable.get(SmallScript.BASE))).isFalse();
    SmallScript driver = SmallScript.run(NEW, "open 0 1 rw shared H; load 0; advise 0 1 cold");
    assertThat(Pte.young(driver.mm(0).pageTable.get(SmallScript.BASE))).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # v5.11 asks whether the mapping is writable, v6.1.192 whether it may become so
          v5.11    | rw | ENODEV
          v5.11    | r  | EACCES
          v6.1.192 | rw | ENODEV
          v6.1.192 | r  | ENODEV
          """)
  void removeAsksForAWritableMapping(String kernel, String prot, String result) {
    String open = "open 0 2 " + prot + " shared H; advise 0 1 remove";
    assertThat(SmallScript.run(kernel, open).result()).isEqualTo(result);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          map 0 2 rw; advise 0 2 populate_read                | ok     | 0
          map 0 2 rw; advise 0 2 populate_write               | ok     | 2
          map 0 2 r; advise 0 2 populate_write                | EINVAL | 0
          map 0 2 none; advise 0 2 populate_read              | EINVAL | 0
          map 0 2 rw; advise 0 4 populate_write               | ENOMEM | 2
          open 0 2 rw shared H; advise 0 2 populate_read      | ok     | 2
          open 0 2 rw private X; advise 0 2 populate_write    | ok     | 2
          open 0 2 rw shared X; advise 0 2 populate_write     | ok     | 0
          map 0 2 rw; advise 1 1 guard_install; advise 0 2 populate_write | EFAULT | 1
          """)
  void populate(String script, String result, long resident) {
    SmallScript run = SmallScript.run(NEW, script);
    assertThat(run.result()).isEqualTo(result);
    assertThat(run.machine().smaps().of(run.mm(0).vmas.get(0)).rss()).isEqualTo(resident);
  }

  @Test
  void populateWentOnBehindAHoleOnce() {
    String script = "map 0 2 rw; map 4 2 rw; advise 0 6 populate_write";
    SmallScript before = SmallScript.run("v6.1.192", script);
    SmallScript now = SmallScript.run("v6.18.2", script);
    assertThat(before.result()).isEqualTo("ENOMEM");
    assertThat(now.result()).isEqualTo("ENOMEM");
    assertThat(before.mm(0).anonRss).isEqualTo(4);
    assertThat(now.mm(0).anonRss).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # the flag of guarded VMAs: none, or one that sticks, spreads and keeps nobody apart
          v6.18.2  | map 0 2 rw; advise 0 1 guard_install; map 2 2 rw   | AAAA | false
          v6.18.44 | map 0 2 rw; advise 0 1 guard_install; map 2 2 rw   | AAAA | true
          v6.18.44 | map 0 2 rw; advise 0 1 guard_install; advise 0 2 guard_remove | AA | true
          v6.18.44 | map 0 4 rw; advise 3 1 guard_install; protect 0 1 r; protect 0 1 rw | AAAA | true
          v6.18.44 | map 0 2 rw; advise 0 1 guard_install; move 0 2 2 maymove+fixed 4 | ....AA | true
          """)
  void guardFlag(String kernel, String script, String picture, boolean flag) {
    SmallScript run = SmallScript.run(kernel, script);
    assertThat(run.picture(0)).isEqualTo(picture);
    assertThat(run.mm(0).vmas.get(0).has(VmFlags.VM_MAYBE_GUARD)).isEqualTo(flag);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v6.18.2", "v6.18.44"})
  void guardsSurviveForkMoveAndDontNeedButNotUnmap(String kernel) {
    String guarded = "map 0 4 rw; store 1; advise 1 1 guard_install; ";
    assertThat(guard(kernel, guarded + "load 0", 0, 1)).isTrue();
    assertThat(guard(kernel, guarded + "fork", 1, 1)).isTrue();
    assertThat(guard(kernel, guarded + "advise 0 4 dontneed", 0, 1)).isTrue();
    assertThat(guard(kernel, guarded + "move 0 4 4 maymove+fixed 8", 0, 9)).isTrue();
    assertThat(guard(kernel, guarded + "advise 0 4 guard_remove", 0, 1)).isFalse();
    assertThat(guard(kernel, guarded + "map 1 1 rw", 0, 1)).isFalse();
    String file = "open 0 4 rw shared F; advise 1 1 guard_install; ";
    assertThat(guard(kernel, file + "fork", 1, 1)).isTrue();
  }

  private static boolean guard(String kernel, String script, int process, long page) {
    SmallScript run = SmallScript.run(kernel, script);
    return Pte.isGuard(run.mm(process).pageTable.get(SmallScript.BASE + (page << 12)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # sealed and read-only: advice may not take away what was written
          dontneed      | EPERM | ok
          free          | EPERM | ok
          remove        | EPERM | EINVAL
          dontfork      | EPERM | ok
          wipeonfork    | EPERM | ok
          guard_install | EPERM | ok
          willneed      | ok    | ok
          dontdump      | ok    | ok
          cold          | ok    | ok
          """)
  void sealed(String advice, String readOnly, String writable) {
    String seal = "seal 0 2; advise 0 2 " + advice;
    assertThat(SmallScript.run(NEW, "map 0 2 rw; protect 0 2 r; " + seal).result())
        .isEqualTo(readOnly);
    assertThat(SmallScript.run(NEW, "map 0 2 rw; " + seal).result()).isEqualTo(writable);
  }

  @Test
  void collapseWantsAWholeHugePageThatWasTouched() {
    Machine machine = SmallScript.run(NEW, "small; map 0 1536 rw; store 520").machine();
    Process process = machine.processes().get(0);
    assertThat(collapse(machine, process, 512, 512)).isEqualTo(-Errno.EINVAL);
    process.mm.thpDisabled = false;
    assertThat(collapse(machine, process, 512, 512)).isZero();
    assertThat(collapse(machine, process, 1024, 512)).isEqualTo(-Errno.EINVAL);
    assertThat(collapse(machine, process, 520, 8)).isEqualTo(-Errno.EINVAL);
    assertThat(collapse(machine, process, 512, 8)).isZero();
  }

  private static long collapse(Machine machine, Process process, long page, long pages) {
    return machine
        .syscalls()
        .madvise(process, SmallScript.BASE + (page << 12), pages << 12, Advice.MADV_COLLAPSE);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, ENOMEM", "v6.18.2, EAGAIN"})
  void theMapLimit(String kernel, String result) {
    Machine machine = SmallScript.run(kernel, "map 0 4 rw").machine();
    Process process = machine.processes().get(0);
    long at = SmallScript.BASE + (16 << 12);
    while (process.mm.vmas.size() < Mm.MAX_MAP_COUNT) {
      int flags = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
      machine.syscalls().mmap(process, at, 4096, MapFlags.PROT_READ, flags, null, 0);
      at += 2 << 12;
    }
    long got = machine.syscalls().madvise(process, SmallScript.BASE, 4096, Advice.MADV_DONTFORK);
    assertThat(Errno.name(got)).isEqualTo(result);
  }
}
