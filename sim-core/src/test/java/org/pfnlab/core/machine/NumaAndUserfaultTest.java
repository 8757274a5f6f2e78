package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Mbind;
import org.pfnlab.core.vma.MovePages;
import org.pfnlab.core.vma.Userfaultfd;

/** move_pages, mbind and UFFDIO_REGISTER: which VMAs and entries they refuse. */
class NumaAndUserfaultTest {
  private static final String[] KERNELS = {"v5.11", "v6.1.192", "v6.18.2"};

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # script                              | asked, in three kernels | moved, in three kernels
          map 0 1 rw                            | EFAULT EFAULT ENOENT | EFAULT EFAULT ENOENT
          map 0 1 rw; load 0                    | EFAULT EFAULT EFAULT | EFAULT EFAULT EFAULT
          map 0 1 rw; store 0                   | 0 0 0                | 0 0 0
          map 0 1 rw shared                     | ENOENT ENOENT ENOENT | ENOENT ENOENT ENOENT
          map 0 1 rw shared; load 0             | 0 0 0                | 0 0 0
          open 0 1 rw shared P                  | EFAULT EFAULT ENOENT | EFAULT EFAULT EFAULT
          open 0 1 rw private P; store 0        | 0 0 0                | EFAULT EFAULT EFAULT
          open 0 1 rw shared M                  | 0 0 0                | 0 0 0
          open 0 1 rw shared X                  | ENOENT ENOENT ENOENT | ENOENT ENOENT ENOENT
          open 0 1 rw shared X; load 0          | EFAULT EFAULT ENOENT | EFAULT EFAULT ENOENT
          open 0 1 rw private X; store 0        | 0 0 0                | 0 0 0
          open 0 1 rw shared H                  | ENOENT ENOENT ENOENT | ENOENT ENOENT ENOENT
          open 0 1 rw shared H; load 0          | 0 0 0                | 0 0 0
          open 0 1 rw shared I; load 0          | 0 0 0                | EFAULT EFAULT EFAULT
          # a PROT_NONE entry is passed over by some
          map 0 1 rw; store 0; protect 0 1 none | 0 ENOENT 0           | 0 ENOENT 0
          map 2 1 rw                            | EFAULT EFAULT EFAULT | EFAULT EFAULT EFAULT
          """)
  void movePages(String script, String asked, String moved) {
    StringBuilder query = new StringBuilder();
    StringBuilder move = new StringBuilder();
    for (String kernel : KERNELS) {
      Machine machine = SmallScript.run(kernel, script).machine();
      query.append(status(machine, null)).append(' ');
      move.append(status(machine, new int[1])).append(' ');
    }
    assertThat(query.toString().strip()).isEqualTo(asked);
    assertThat(move.toString().strip()).isEqualTo(moved);
  }

  private static String status(Machine machine, int[] nodes) {
    int[] status = {1};
    long result =
        machine
            .syscalls()
            .movePages(
                machine.processes().get(0),
                new long[] {SmallScript.BASE},
                nodes,
                status,
                MovePages.MPOL_MF_MOVE);
    assertThat(result).isZero();
    return status[0] < 0 ? Errno.name(status[0]) : Integer.toString(status[0]);
  }

  @Test
  void movePagesKnowsItsFlagsAndNodes() {
    Machine machine = SmallScript.run("v6.18.2", "map 0 1 rw; store 0").machine();
    Process process = machine.processes().get(0);
    long[] addresses = {SmallScript.BASE};
    int[] status = new int[1];
    Syscalls calls = machine.syscalls();
    assertThat(calls.movePages(process, addresses, null, status, 1)).isEqualTo(-Errno.EINVAL);
    assertThat(calls.movePages(process, addresses, new int[] {1}, status, 2))
        .isEqualTo(-Errno.ENODEV);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          map 0 4 rw; store 1              | 2 | 1 | 3  | ok
          open 0 4 rw shared P             | 2 | 1 | 3  | ok
          open 0 4 rw shared X; load 1     | 2 | 1 | 3  | ok
          map 0 2 rw                       | 2 | 1 | 3  | EFAULT
          map 1 3 rw                       | 2 | 1 | 0  | EFAULT
          map 0 2 rw                       | 0 | 0 | 0  | ok
          map 0 4 rw                       | 2 | 0 | 0  | EINVAL
          map 0 4 rw                       | 2 | 2 | 0  | EINVAL
          map 0 4 rw                       | 0 | 1 | 0  | EINVAL
          map 0 4 rw                       | 1 | 0 | 0  | ok
          map 0 4 rw                       | 9 | 1 | 0  | EINVAL
          map 0 4 rw                       | 2 | 1 | 64 | EINVAL
          """)
  void mbind(String script, int mode, long nodes, int flags, String result) {
    Machine machine = SmallScript.run("v6.18.2", script).machine();
    long got =
        machine
            .syscalls()
            .mbind(machine.processes().get(0), SmallScript.BASE, 4 << 12, mode, nodes, flags);
    assertThat(got == 0 ? "ok" : Errno.name(got)).isEqualTo(result);
  }

  @Test
  void mbindReadsTheStructPageOfASpecialPmd() {
    Machine machine = SmallScript.run("v6.18.2", "open 0 512 rw shared P").machine();
    Process process = machine.processes().get(0);
    process.mm.pageTable.reset();
    process.mm.pageTable.setHuge(
        SmallScript.BASE, 2, Pte.mkSpecial(Pte.ofHuge(0xf8000, Pte.PAGE_SHARED, 2)));
    Syscalls calls = machine.syscalls();
    assertThatThrownBy(() -> calls.mbind(process, SmallScript.BASE, 2 << 20, 2, 1, 3))
        .isInstanceOf(KernelBug.class)
        .hasMessageContaining("queue_folios_pmd");
    assertThat(
            calls.mbind(
                process, SmallScript.BASE, 2 << 20, Mbind.MPOL_BIND, 1, MovePages.MPOL_MF_MOVE))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # script               | missing           | write-protect        | minor
          map 0 4 rw             | ok ok ok             | ok ok ok             | EINVAL EINVAL EINVAL
          map 0 4 rw shared      | ok ok ok             | EINVAL ok ok         | EINVAL ok ok
          open 0 4 rw shared F   | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          open 0 4 rw shared P   | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          open 0 4 rw shared M   | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          open 0 4 rw private H  | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          map 4 4 rw             | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL | EINVAL EINVAL EINVAL
          map 0 1 rw; map 2 1 rw | ok ok ok             | ok ok ok             | EINVAL EINVAL EINVAL
          """)
  void userfaultfd(String script, String missing, String writeProtect, String minor) {
    assertThat(registered(script, Userfaultfd.UFFDIO_REGISTER_MODE_MISSING)).isEqualTo(missing);
    assertThat(registered(script, Userfaultfd.UFFDIO_REGISTER_MODE_WP)).isEqualTo(writeProtect);
    assertThat(registered(script, Userfaultfd.UFFDIO_REGISTER_MODE_MINOR)).isEqualTo(minor);
  }

  private static String registered(String script, int mode) {
    StringBuilder results = new StringBuilder();
    for (String kernel : KERNELS) {
      results.append(register(kernel, script, 4 << 12, mode, false)).append(' ');
    }
    return results.toString().strip();
  }

  private static String register(
      String kernel, String script, long length, int mode, boolean async) {
    Machine machine = SmallScript.run(kernel, script).machine();
    long result =
        machine
            .syscalls()
            .userfaultfdRegister(machine.processes().get(0), SmallScript.BASE, length, mode, async);
    return result == 0 ? "ok" : Errno.name(result);
  }

  @Test
  void userfaultfdArguments() {
    assertThat(register("v6.18.2", "map 0 4 rw", 100, 1, false)).isEqualTo("EINVAL");
    assertThat(register("v6.18.2", "map 0 4 rw", 0, 1, false)).isEqualTo("EINVAL");
    assertThat(register("v6.18.2", "map 0 4 rw", 4096, 0, false)).isEqualTo("EINVAL");
    assertThat(register("v6.18.2", "map 0 4 rw", 4096, 8, false)).isEqualTo("EINVAL");
    assertThat(register("v6.18.2", "", 4096, 1, false)).isEqualTo("ENOMEM");
    assertThat(register("v6.18.2", "open 0 4 rw shared P", 4096, 2, true)).isEqualTo("ok");
    assertThat(register("v6.1.192", "open 0 4 rw shared P", 4096, 2, true)).isEqualTo("EINVAL");
  }
}
