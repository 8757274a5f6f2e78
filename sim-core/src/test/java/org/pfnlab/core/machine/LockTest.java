package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;

/** mlock and its relatives: who is locked, what is populated, what is counted. */
class LockTest {
  private static final String[] KERNELS = {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # script, then result, VMAs, locked pages, pages of all kinds present
          map 0 4 rw; lock 1 2                                  | ok     | ABBC   | 2 | 2
          map 0 4 r; lock 1 2; unlock 1 2                       | ok     | AAAA   | 0 | 0
          map 0 4 rw; lock 0 4; unlock 1 1                      | ok     | ABCC   | 3 | 4
          # bytes are rounded outwards
          map 0 4 rw; lock 4095b 2b                             | ok     | AABB   | 2 | 2
          map 0 4 rw; lock 0 0                                  | ok     | AAAA   | 0 | 0
          map 0 4 rw; lock 8 0                                  | ok     | AAAA   | 0 | 0
          map 0 4 rw; lock 0 -1b                                | ok     | AAAA   | 0 | 0
          # a hole: what lies before is locked, nothing is populated
          map 0 4 rw; map 6 4 rw; lock 2 6                      | ENOMEM | AABB..CCCC | 2 | 0
          map 0 4 r; map 6 4 r; lock 2 2; unlock 0 10           | ENOMEM | AAAA..BBBB | 0 | 0
          map 0 4 rw; lock 8 1                                  | ENOMEM | AAAA   | 0 | 0
          # what cannot be had is locked all the same
          map 0 4 none; lock 0 4                                | ENOMEM | AAAA   | 4 | 0
          map 0 1 rw; map 1 1 none; map 2 1 rw; lock 0 3        | ENOMEM | ABC    | 3 | 1
          # private writable memory is populated for writing, other memory for reading
          map 0 2 r; lock 0 2                                   | ok     | AA     | 2 | 0
          map 0 2 rw shared; lock 0 2                           | ok     | AA     | 2 | 2
          open 0 2 rw private H; lock 0 2                       | ok     | AA     | 2 | 2
          # on fault: the flag, and no pages
          map 0 4 rw; lock2 0 4 1                               | ok     | AAAA   | 4 | 0
          map 0 4 rw; lock2 0 4 1; store 1                      | ok     | AAAA   | 4 | 1
          map 0 4 rw; lock2 0 4 0                               | ok     | AAAA   | 4 | 4
          map 0 4 rw; lock2 0 4 2                               | EINVAL | AAAA   | 0 | 0
          map 0 4 rw; lock2 0 4 1; lock 0 4                     | ok     | AAAA   | 4 | 4
          # special VMAs take no lock and no offence; those without VM_IO and VM_PFNMAP are populated
          open 0 2 rw shared P; lock 0 2                        | ok     | AA     | 0 | 0
          open 0 2 rw shared I; lock 0 2                        | ok     | AA     | 0 | 0
          open 0 2 rw shared M; lock 0 2                        | ok     | AA     | 0 | 2
          open 0 2 rw shared X; lock 0 2                        | ok     | AA     | 0 | 0
          open 0 2 rw private X; load 0; lock 0 2               | ok     | AA     | 0 | 2
          open 0 2 rw private X; lock2 0 2 1                    | ok     | AA     | 0 | 2
          open 0 2 rw shared P; lock 0 2; unlock 0 2            | ok     | AA     | 0 | 0
          # everything at once
          map 0 2 rw; map 2 2 r; lockall current                | ok     | AABB   | 4 | 2
          map 0 2 rw; map 2 2 none; lockall current             | ok     | AABB   | 4 | 2
          map 0 2 rw; lockall current+onfault                   | ok     | AA     | 2 | 0
          map 0 2 rw; lockall onfault                           | EINVAL | AA     | 0 | 0
          map 0 2 rw; lockall none                              | EINVAL | AA     | 0 | 0
          map 0 2 rw; lockall current; unlockall                | ok     | AA     | 0 | 2
          # what comes later
          lockall future; map 0 2 rw; map 4 2 none              | ok     | AA..BB | 4 | 2
          lockall future+onfault; map 0 2 rw                    | ok     | AA     | 2 | 0
          lockall future; map 0 2 rw; unlockall; map 2 2 rw     | ok     | AAAA   | 0 | 2
          lockall future; lockall current; map 0 2 rw           | ok     | AA     | 0 | 0
          # the child holds no locks, the parent keeps them
          map 0 2 rw; lock 0 2; fork                            | ok     | AA     | 2 | 2
          """)
  void inEveryKernel(String script, String result, String picture, long locked, long resident) {
    for (String kernel : KERNELS) {
      SmallScript run = SmallScript.run(kernel, script);
      Mm mm = run.mm(0);
      assertThat(run.result()).as(kernel).isEqualTo(result);
      assertThat(run.picture(0)).as(kernel).isEqualTo(picture);
      assertThat(mm.lockedVm).as(kernel).isEqualTo(locked);
      assertThat(mm.anonRss + mm.fileRss + mm.shmemRss).as(kernel).isEqualTo(resident);
    }
  }

  @Test
  void theChildHoldsNoLocks() {
    SmallScript run = SmallScript.run("v6.18.2", "map 0 2 rw; lock 0 2; fork");
    assertThat(run.mm(1).lockedVm).isZero();
    assertThat(run.mm(1).vmas.get(0).hasAny(VmFlags.VM_LOCKED_MASK)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"v5.11, ENOMEM", "v6.1.192, ok", "v6.18.2, ok"})
  void lockingOnFaultLookedAtTheProtectionOnce(String kernel, String result) {
    assertThat(SmallScript.run(kernel, "map 0 2 none; lock2 0 2 1").result()).isEqualTo(result);
  }
}
