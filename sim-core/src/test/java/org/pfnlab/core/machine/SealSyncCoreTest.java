package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Process;

/** mseal, msync, mincore. */
class SealSyncCoreTest {
  private static final String NEW = "v6.18.44";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          map 0 6 rw; seal 1 2                            | ok     | ABBCCC
          map 0 2 rw; seal 0 4                            | ENOMEM | AA
          map 0 2 rw; map 4 2 rw; seal 0 6                | ENOMEM | AA..BB
          map 0 2 rw; seal 0 0                            | ok     | AA
          map 0 2 rw; seal 100b 1                         | EINVAL | AA
          map 0 2 rw; seal 0 -1b                          | EINVAL | AA
          map 0 2 rw; map 2 2 rw; seal 0 2; seal 2 2      | ok     | AAAA
          # for ever
          map 0 6 rw; seal 1 2; unmap 2 3                 | EPERM  | ABBCCC
          map 0 6 rw; seal 1 2; protect 0 3 r             | EPERM  | ABBCCC
          map 0 6 rw; seal 1 2; map 0 2 rw                | EPERM  | ABBCCC
          map 0 6 rw; seal 1 2; lock 1 1                  | ok     | ABCDDD
          """)
  void sealing(String script, String result, String picture) {
    SmallScript run = SmallScript.run(NEW, script);
    assertThat(run.result()).isEqualTo(result);
    assertThat(run.picture(0)).isEqualTo(picture);
  }

  @Test
  void sealsCameLateAndTakeNoFlags() {
    assertThat(SmallScript.run("v6.1.192", "map 0 2 rw; seal 0 2").result()).isEqualTo("ENOSYS");
    Machine machine = SmallScript.run(NEW, "map 0 2 rw").machine();
    Process process = machine.processes().get(0);
    assertThat(machine.syscalls().mseal(process, SmallScript.BASE, 4096, 1))
        .isEqualTo(-Errno.EINVAL);
  }

  @Test
  void sealsAreInherited() {
    assertThat(SmallScript.run(NEW, "map 0 2 rw; seal 0 2; fork; 1: unmap 0 1").result())
        .isEqualTo("EPERM");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          map 0 4 rw; sync 0 4 sync                           | ok
          map 0 4 rw; sync 0 4 none                           | ok
          map 0 4 rw; sync 0 4 sync+async                     | EINVAL
          map 0 4 rw; sync 0 4 unknown                        | EINVAL
          map 0 4 rw; sync 1b 1 sync                          | EINVAL
          map 0 4 rw; sync 0 -1b sync                         | ok
          map 0 4 rw; sync 2 4 sync                           | ENOMEM
          map 0 4 rw; sync 2 4 async                          | ENOMEM
          map 0 4 rw; sync 8 1 sync                           | ENOMEM
          map 0 4 rw; sync 0 0 sync                           | ok
          map 0 4 rw; lock 1 1; sync 0 4 invalidate           | EBUSY
          map 0 4 rw; lock 1 1; sync 0 4 sync                 | ok
          # only a shared writable file has something to sync, and a driver nothing to do it with
          open 0 2 rw shared F; sync 0 2 sync                 | ok
          open 0 2 rw shared P; sync 0 2 sync                 | EINVAL
          open 0 2 rw shared H; sync 0 2 sync                 | EINVAL
          open 0 2 rw shared H; sync 0 2 async                | ok
          open 0 2 rw shared H; sync 0 2 invalidate           | ok
          open 0 2 rw private H; sync 0 2 sync                | ok
          map 0 2 rw shared; sync 0 2 sync                    | ok
          # a hole does not stop what comes behind, unless nothing is to be done anyway
          map 0 2 rw; open 4 2 rw shared H; sync 0 6 sync     | EINVAL
          map 0 2 rw; open 4 2 rw shared H; sync 0 6 async    | ENOMEM
          map 0 2 rw; map 4 2 rw; sync 0 6 sync               | ENOMEM
          """)
  void syncing(String script, String result) {
    assertThat(SmallScript.run(NEW, script).result()).isEqualTo(result);
    assertThat(SmallScript.run("v5.11", script).result()).isEqualTo(result);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # anonymous memory: entries only, the zero page counts
          map 0 4 rw; store 0; load 2                             | 1010
          map 0 4 rw; store 0; advise 1 1 populate_read; protect 0 4 none | 1100
          # a page cache decides for what is not mapped
          open 0 4 rw shared F                                    | 1111
          open 0 4 rw private F                                   | 1111
          map 0 4 rw shared; store 1; advise 0 4 dontneed         | 0100
          # drivers cache nothing; a VM_PFNMAP VMA is not even looked into
          open 0 4 rw shared P; load 0                            | 0000
          open 0 4 rw private P; store 0                          | 0000
          open 0 4 rw shared M                                    | 1111
          open 0 4 rw shared X; load 1                            | 0100
          open 0 4 rw shared I; load 1                            | 0100
          # a guard marker is no page, but does not hide the cache's
          map 0 4 rw; store 0; store 1; advise 1 1 guard_install  | 1000
          open 0 4 rw shared F; advise 1 1 guard_install          | 1111
          """)
  void inCore(String script, String expected) {
    SmallScript run = SmallScript.run(NEW, script);
    assertThat(inCore(run.machine(), 0, 4)).isEqualTo(expected);
  }

  private static String inCore(Machine machine, long page, int pages) {
    byte[] vec = new byte[pages];
    long result =
        machine
            .syscalls()
            .mincore(machine.processes().get(0), SmallScript.BASE + (page << 12), pages << 12, vec);
    if (result < 0) {
      return Errno.name(result);
    }
    StringBuilder text = new StringBuilder();
    for (byte each : vec) {
      text.append(each);
    }
    return text.toString();
  }

  @Test
  void whatMayNotBeSeenIsAllInCore() {
    Machine machine = SmallScript.run(NEW, "open 0 4 rw shared H").machine();
    Vma vma = machine.processes().get(0).mm.vmas.get(0);
    vma.file = null;
    assertThat(inCore(machine, 0, 4)).isEqualTo("1111");
  }

  @Test
  void mincoreRefuses() {
    Machine machine = SmallScript.run(NEW, "map 0 2 rw; map 4 2 rw").machine();
    Process process = machine.processes().get(0);
    Syscalls calls = machine.syscalls();
    assertThat(inCore(machine, 0, 6)).isEqualTo("ENOMEM");
    assertThat(inCore(machine, 2, 1)).isEqualTo("ENOMEM");
    assertThat(inCore(machine, 0, 0)).isEmpty();
    long base = SmallScript.BASE;
    assertThat(calls.mincore(process, base + 1, 4096, new byte[1])).isEqualTo(-Errno.EINVAL);
    assertThat(calls.mincore(process, base, 8192, new byte[1])).isEqualTo(-Errno.EFAULT);
    assertThat(calls.mincore(process, base, 8192, null)).isEqualTo(-Errno.EFAULT);
    assertThat(calls.mincore(process, base, Mm.TASK_SIZE, null)).isEqualTo(-Errno.ENOMEM);
    assertThat(calls.mincore(process, base, 1, new byte[1])).isZero();
  }
}
