package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.OpenFile;

/** memfds, regular files, memfd_secret and /dev/zero: a script, and what it answers. */
class FileRulesTest {
  private static final String[] KERNELS = {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # a hole becomes a page when it is touched, even by reading, and whoever maps it
          memfd a 4; map 0 4 r shared a; core 0 4; load 0; core 0 4; rss 0     | 0000 0 1000 0/0/1
          memfd a 4; map 0 4 rw private a; load 1; core 0 4; rss 0             | 0 0100 0/0/1
          memfd a 4; read a 1; map 0 4 r shared a; core 0 4                    | 0 0000
          # read faults map what is cached around them, write faults do not
          file a 4; map 0 4 rw private a; load 1; ptes 0 4; rss 0              | 51 rrrr 0/4/0
          file a 4; map 0 4 rw shared a; store 1 7; ptes 0 4; rss 0            | .w.. 0/1/0
          file a 4; map 0 4 rw private a; store 1 7; ptes 0 4; rss 0           | .A.. 1/0/0
          file a 20; map 0 20 r private a; load 3; ptes 0 20                   | 53 rrrrrrrrrrrrrrrr....
          file a 20; map 0 20 r private a; load 17; ptes 0 20                  | 67 ................rrrr
          # disk files hear of the first write of a shared page, shmem does not
          file a 2; map 0 2 rw shared a; load 0; ptes 0 2; store 0 7; ptes 0 2 | 50 rr wr
          memfd a 2; write a 0 1; map 0 2 rw shared a; load 0; ptes 0 2        | 1 w.
          file a 2; map 0 2 r shared a; load 0; protect 0 2 rw; ptes 0 2       | 50 rr
          memfd a 1; map 0 1 r shared a; load 0; protect 0 1 rw; ptes 0 1      | 0 w
          file a 2; map 0 2 rw shared a; store 0 7; sync 0 2; read a 0; load 0 | 7 7
          # writing, reading and mapping see the same bytes, private copies do not
          file a 2; map 0 2 rw shared a; write a 0+5 9; load 0+5; store 1 8; read a 1    | 9 8
          file a 2; map 0 2 rw private a; store 0 8; write a 0 9; load 0; read a 0       | 8 9
          file a 2; map 0 2 rw private a; load 0; write a 0 9; load 0; store 0 8; read a 0 | 50 9 9
          # what is mapped beyond the end is not there; the last page is, and holds zeros
          file a 1+100; map 0 4 rw shared a; load 1+99; load 1+100; load 2; store 2 1    | 51 0 SIGBUS SIGBUS
          memfd a 2; map 0 4 rw private a; load 2; store 3 1; store 1 1                  | SIGBUS SIGBUS
          # truncation takes private copies too, and clears the rest of the last page
          file a 4; map 0 4 rw private a; store 3 7; truncate a 1+100; load 3; load 1+99; load 1+100 | SIGBUS 51 0
          file a 4; map 0 4 rw shared a; load 0; truncate a 2; ptes 0 4; truncate a 4; load 3 | 50 rr.. 0
          memfd a 4; map 0 4 rw shared a; store 3 7; truncate a 2; truncate a 4; load 3  | 0
          memfd a 1; write a 0+200 7; truncate a 0+100; truncate a 1; read a 0+200       | 0
          file a 2; truncate a 4; read a 3; read a 4; size a                             | 0 end 4
          # a hole takes shared pages and spares private copies
          file a 4; map 0 4 rw private a; store 1 7; load 2; punch a 1 2; ptes 0 4; load 1; load 2 | 52 rA.r 7 0
          memfd a 4; map 0 4 rw shared a; store 1 7; punch a 1 1; ptes 0 4; load 1       | .... 0
          file a 2; punch a 0+10 0+20; read a 0+9; read a 0+10; read a 0+29; read a 0+30 | 50 0 0 50
          file a 3; punch a 0+4095 1+2; read a 0+4094; read a 0+4095; read a 1; read a 2; read a 2+1 | 50 0 0 0 52
          file a 3; punch a 0+4095 0+2; read a 0+4094; read a 0+4095; read a 1; read a 1+1           | 50 0 0 51
          file a 2; punch a 1 4; size a                                                  | 2
          file a 2; punch a 0 0                                                          | EINVAL
          # writing makes files longer
          file a 1; write a 2+10 7; size a; read a 1; read a 2+10                        | 2+11 0 7
          # modes: what a descriptor may be asked
          file a 1; reopen b a r; write b 0 1; truncate b 0; punch b 0 1; read b 0       | EBADF EINVAL EBADF 50
          file a 1; reopen b a w; read b 0; write b 0 1; read a 0                        | EBADF 1
          memfd a 1; reopen b a r; seal b grow                                           | EPERM
          file a 1; seal a grow                                                          | EINVAL
          file a 1; write a 4294967295 1; truncate a 4294967296                          | EFBIG EFBIG
          # and how it may be mapped
          file a 2; reopen b a r; map 0 2 rw shared b; map 0 2 r shared b; flags 0; protect 0 2 rw | EACCES rd,mr,me,ms EACCES
          file a 2; reopen b a r; map 0 2 rw private b; store 0 1; read a 0              | 50
          file a 2; reopen b a w; map 0 2 w shared b; map 0 2 none private b             | EACCES EACCES
          file a 2; map 0 2 r private a 4294967294; map 0 2 r private a 4294967293       | EOVERFLOW
          # a mapping outlives its descriptor
          memfd a 2; map 0 2 rw shared a; store 0 4; close a; load 0                     | 4
          memfd a 2; write a 0 4; reopen b a rw; close a; read b 0                       | 4
          # locking a private writable file breaks COW, a read-only one is only read
          file a 2; map 0 2 rw private a; lock 0 2; ptes 0 2; rss 0                      | AA 2/0/0
          file a 2; map 0 2 r private a; lock 0 2; ptes 0 2                              | rr
          """)
  void answers(String script, String answers) {
    for (String kernel : KERNELS) {
      assertThat(FileScript.run(kernel, script)).as(kernel).isEqualTo(answers);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # whatever could become a writable mapping holds F_SEAL_WRITE off
          memfd a 4; map 0 2 rw shared a; seal a write                  | EBUSY
          memfd a 4; map 0 2 r shared a; seal a write                   | EBUSY
          memfd a 4; map 0 2 rw private a; store 0 1; seal a write      |
          memfd a 4; reopen b a r; map 0 2 r shared b; seal a write     |
          memfd a 4; map 0 2 rw shared a; unmap 0 2; seal a write       |
          # afterwards nothing can be written or mapped for writing
          memfd a 4; seal a write; map 0 2 rw shared a                  | EPERM
          memfd a 4; seal a write; map 0 2 rw private a; store 0 1      |
          memfd a 4; seal a write; write a 0 1; punch a 0 1             | EPERM EPERM
          memfd a 4; seal a write; truncate a 2; truncate a 6           |
          memfd a 4; seal a shrink; truncate a 4; truncate a 2          | EPERM
          memfd a 4; seal a grow; truncate a 5; write a 3 1; write a 4 1 | EPERM EPERM
          memfd a 4; seal a seal; seal a grow                           | EPERM
          # existing mappings go on writing under F_SEAL_FUTURE_WRITE
          memfd a 4; map 0 2 rw shared a; seal a future; store 0 1; load 0; map 4 2 rw shared a | 1 EPERM
          memfd a 4; map 0 2 rw shared a; seal a future; protect 0 2 r; protect 0 2 rw          |
          memfd a 4; seal a future; map 0 2 r shared a; protect 0 2 rw; flags 0 | EACCES rd,sh,mr,me,ms
          memfd a 4; seal a future; write a 0 1; punch a 0 1            | EPERM EPERM
          """)
  void seals(String script, String answers) {
    for (String kernel : KERNELS) {
      assertThat(FileScript.run(kernel, script))
          .as(kernel)
          .isEqualTo(answers == null ? "" : answers);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v5.11, EPERM hole",
    "v6.1, EPERM hole",
    "v6.1.192, 'rd,sh,mr,me,ms'",
    "v6.18.2, 'rd,sh,mr,me,ms'"
  })
  void aWriteSealedMemfdCanOnlyBeReadSharedByNewerKernels(String kernel, String answers) {
    String script = "memfd a 4; seal a write; map 0 2 r shared a; flags 0";
    assertThat(FileScript.run(kernel, script)).isEqualTo(answers);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, EPERM hole", "v6.1.192, EPERM hole", "v6.18.2, 'EPERM rd,mr,mw,me'"})
  void aRefusalBySealsSparesWhatWasMappedThereOnlyIfTheyAreCheckedFirst(
      String kernel, String answers) {
    String script =
        "file b 2; map 0 2 r private b; memfd a 4; seal a write; map 0 2 rw shared a; flags 0";
    assertThat(FileScript.run(kernel, script)).isEqualTo(answers);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # locked from the start without being populated, never executable, never private
          secret a 2; map 0 2 rw shared a; flags 0; ptes 0 2        | rd,wr,sh,mr,mw,ms,lo,dd ..
          secret a 2; map 0 2 rw private a                          | EINVAL
          secret a 2; map 0 2 rx shared a                           | EPERM
          secret a 2; map 0 2 rw shared a; store 0 5; load 0; rss 0 | 5 0/1/0
          secret a 2; map 0 2 rw shared a; store 0 5; gup 0; gup 1  | EFAULT EFAULT
          secret a 2; map 0 4 rw shared a; load 2                   | SIGBUS
          # munlock changes nothing
          secret a 2; map 0 2 rw shared a; unlock 0 2; flags 0      | rd,wr,sh,mr,mw,ms,lo,dd
          secret a 2; map 0 2 rw shared a; lock 0 2                 | ENOMEM
          # it can only be mapped, and its size is set once
          secret a 2; read a 0; write a 0 1; truncate a 4           | EINVAL EINVAL EINVAL
          secret a 0; truncate a 4; truncate a 2                    | EINVAL
          """)
  void secrets(String script, String answers) {
    for (String kernel : new String[] {"v6.1.192", "v6.18.2", "v6.18.44"}) {
      assertThat(FileScript.run(kernel, script)).as(kernel).isEqualTo(answers);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # private: anonymous memory with a file; shared: a new object each time
          zero a; map 0 2 rw private a; load 0; store 1 1; ptes 0 2; rss 0     | 0 zA 1/0/0
          zero a; map 0 2 rw shared a; store 0 1; ptes 0 2; rss 0              | w. 0/0/1
          zero a; map 0 2 rw shared a; map 2 2 rw shared a; store 0 1; load 2  | 0
          zero a; close a; zero a; map 0 1 rw shared a; close a; store 0 3; load 0 | 3
          zero a; read a 5; write a 5 1; truncate a 1; punch a 0 1             | 0 EINVAL ENODEV
          """)
  void devZero(String script, String answers) {
    for (String kernel : KERNELS) {
      assertThat(FileScript.run(kernel, script)).as(kernel).isEqualTo(answers);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # a miss reads 32 pages around it, and the fault that comes again maps its neighbours
          hole a 8; map 0 8 r shared a; core 0 8; load 3; ptes 0 8                 | 00000000 0 rrrrrrrr
          hole a 8; map 0 8 rw shared a; store 3 1; ptes 0 8; core 0 8             | ...w.... 11111111
          hole a 8; map 0 8 r shared a; advise 0 8 1; load 3; ptes 0 8             | 0 ...r....
          hole a 8; map 0 8 r shared a; advise 0 8 2; load 3; ptes 0 8             | 0 ...rrrrr
          hole a 40; map 0 40 r shared a; load 20; core 0 40                       | 0 0000111111111111111111111111111111110000
          hole a 8; map 0 8 r shared a; advise 2 3 3; core 0 8                     | 00111000
          memfd a 8; map 0 8 r shared a; advise 2 3 3; load 3; core 0 8            | 0 00010000
          """)
  void readahead(String script, String answers) {
    for (String kernel : KERNELS) {
      assertThat(FileScript.run(kernel, script)).as(kernel).isEqualTo(answers);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # BPF maps: shared only, filled at once, read-only for good if mapped so
          array a 2; map 0 2 rw private a; map 0 2 rw shared a; flags 0; ptes 0 2 | EINVAL rd,wr,sh,mr,mw,ms,de,dd,mm ww
          array a 2; map 0 2 r shared a; protect 0 2 rw; flags 0          | EACCES rd,sh,mr,ms,de,dd,mm
          array a 2; map 0 2 rx shared a; map 0 3 rw shared a; map 0 2 rw shared a 1 | EPERM EINVAL EINVAL
          array a 2; map 0 2 rw shared a; store 1 7; map 4 1 rw shared a 1; load 4; close a; load 4 | 7 7
          # a ring: the consumer's page may be written, data comes twice
          ring a 1; map 0 1 rw shared a; map 1 3 rw shared a 1; map 1 3 r shared a 1; ptes 0 4 | EPERM wrrr
          ring a 1; map 0 2 rw shared a; map 0 4 r shared a 1              | EPERM EINVAL
          # packet rings: the whole ring, private too
          packet a 4; map 0 2 rw shared a; map 0 4 rw private a; flags 0; ptes 0 4 | EINVAL rd,wr,mr,mw,ac,mm rrrr
          packet a 2; map 0 2 rw private a; store 1 7; ptes 0 2; rss 0     | rA 1/1/0
          packet a 2; map 0 2 rw shared a; advise 0 2 4; ptes 0 2; load 0  | .. SIGBUS
          packet a 2; map 0 2 rw shared a; gup 0; lock 0 2; flags 0        | rd,wr,sh,mr,mw,ms,mm
          # perf: raw frames, in one piece
          perf a 3; map 0 3 rw private a; map 0 2 rw shared a; map 0 3 rw shared a; flags 0 | EINVAL EINVAL rd,wr,sh,mr,mw,ms,pf,io,dc,de,dd
          perf a 3; map 0 3 rw shared a; store 0 7; load 0; store 1 7; load 1; rss 0 | 7 SIGBUS 0 0/0/0
          perf a 3; map 0 3 rw shared a; unmap 0 1; gup 0; unmap 0 3; flags 0 | EINVAL EFAULT hole
          # AIO rings: cached, and moved by nobody but the process whose context they are
          aio a 2; map 0 2 rw shared a; flags 0; core 0 2; store 1 7; ptes 0 2 | rd,wr,sh,mr,mw,ms,de 11 .w
          aio a 1; map 0 1 rw shared a; store 0 7; move 0 4; load 4; fork; move 4 8; load 4 | 7 EINVAL 7
          aio a 1; map 0 1 rx shared a; map 0 1 rw shared a; gup 0; sync 0 1 | EPERM EINVAL
          # TCP sockets: a refusal leaves a hole where something was
          tcp a; map 0 2 r shared a; flags 0; load 0; map 0 2 rw shared a; flags 0 | rd,sh,mr,ms,mm SIGBUS EPERM hole
          """)
  void kernelPages(String script, String answers) {
    for (String kernel : new String[] {"v6.18.2", "v6.18.44"}) {
      assertThat(FileScript.run(kernel, script)).as(kernel).isEqualTo(answers);
    }
  }

  @Test
  void aPinnedPageHoldsTheWriteSealOff() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    OpenFile file = machine.files().memfd("a", 4096);
    machine.files().pwrite(file, new byte[1], 1, 0);
    long pfn = file.mapping.page(0);
    machine.frames().get(pfn);
    assertThat(machine.files().addSeals(file, 8)).isEqualTo(-16);
    machine.frames().put(pfn);
    assertThat(machine.files().addSeals(file, 8)).isZero();
  }

  @Test
  void invariantsCatchAPageThatTheCacheLost() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    OpenFile file = machine.files().regular("a", 4096);
    machine.files().pwrite(file, new byte[1], 1, 0);
    Invariants.check(machine);
    file.mapping.remove(0);
    assertThatThrownBy(() -> Invariants.check(machine)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void resetForgetsObjects() {
    Machine machine = new Machine(MachineConfig.of(KernelProfile.of("v6.18.44")));
    OpenFile file = machine.files().regular("a", 4096);
    machine.files().pwrite(file, new byte[1], 1, 0);
    machine.reset();
    Invariants.check(machine);
  }
}
