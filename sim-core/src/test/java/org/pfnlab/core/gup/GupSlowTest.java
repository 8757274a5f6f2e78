package org.pfnlab.core.gup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.mm.VmFlags.VM_GROWSDOWN;
import static org.pfnlab.core.mm.VmFlags.VM_IO;
import static org.pfnlab.core.mm.VmFlags.VM_MAYREAD;
import static org.pfnlab.core.mm.VmFlags.VM_MAYSHARE;
import static org.pfnlab.core.mm.VmFlags.VM_MAYWRITE;
import static org.pfnlab.core.mm.VmFlags.VM_MIXEDMAP;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;
import static org.pfnlab.core.mm.VmFlags.VM_READ;
import static org.pfnlab.core.mm.VmFlags.VM_SHARED;
import static org.pfnlab.core.mm.VmFlags.VM_WRITE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.task.TestKind;
import org.pfnlab.core.task.TestMachine;

class GupSlowTest {
  private static final long AT = 0x10_0000_0000L;
  private static final int GET = GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH;

  /** Nothing behind the object: every hole is SIGBUS. */
  private static final VmOps EMPTY = new VmOps() {};

  private final long[] pages = new long[8];

  /** check_vma_flags on one-page anonymous-like VMAs: flags, what is asked, what comes of it. */
  @ParameterizedTest
  @CsvSource({
    // flags       | asked          | 5.11   | 6.1    | 6.18
    "rw private     , read           , 1      , 1      , 1",
    "rw private     , write          , 1      , 1      , 1",
    "r private      , write          , EFAULT , EFAULT , EFAULT",
    "r private      , write force    , 1      , 1      , 1",
    "none private   , read           , EFAULT , EFAULT , EFAULT",
    "none private   , read force     , 1      , 1      , 1",
    "none private   , write force    , 1      , 1      , 1",
    "w private      , read           , EFAULT , EFAULT , EFAULT",
    "w private      , write          , 1      , 1      , 1",
    "nothing ever   , read force     , EFAULT , EFAULT , EFAULT",
    "nothing ever   , write force    , EFAULT , EFAULT , EFAULT",
    "r shared       , write force    , EFAULT , EFAULT , EFAULT",
    "r shared       , read force     , 1      , 1      , 1",
    "rw shared      , write force    , 1      , 1      , 1",
    "io             , read force     , EFAULT , EFAULT , EFAULT",
    "io             , write          , EFAULT , EFAULT , EFAULT",
    "pfnmap         , read force     , EFAULT , EFAULT , EFAULT",
    "mixedmap       , read           , 1      , 1      , 1",
  })
  void asksTheVmaInOrder(String flags, String asked, String at511, String at61, String at618) {
    assertThat(get("v5.11", flags, asked)).isEqualTo(at511);
    assertThat(get("v6.1.192", flags, asked)).isEqualTo(at61);
    assertThat(get("v6.18.2", flags, asked)).isEqualTo(at618);
  }

  private String get(String version, String flags, String asked) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    boolean shared = flags.contains("shared");
    Vma vma = (shared ? TestKind.MEMFD : TestKind.ANON).map(machine, mm, AT, 1, shared, true);
    long may = flags.equals("nothing ever") ? 0 : VM_MAYREAD | VM_MAYWRITE;
    long read = flags.startsWith("r") || flags.contains("map") || flags.equals("io") ? VM_READ : 0;
    boolean writes = flags.startsWith("rw") || flags.startsWith("w") || flags.equals("io");
    long write = writes ? VM_WRITE : 0;
    vma.flags = may | read | write | (shared ? VM_SHARED | VM_MAYSHARE : 0);
    vma.flags |= flags.equals("io") ? VM_IO : 0;
    vma.flags |= flags.equals("pfnmap") ? VM_PFNMAP : 0;
    vma.flags |= flags.equals("mixedmap") ? VM_MIXEDMAP : 0;
    int wanted = GET | (asked.contains("write") ? GupFlags.FOLL_WRITE : 0);
    wanted |= asked.contains("force") ? GupFlags.FOLL_FORCE : 0;
    return text(machine.slow.get(mm, AT, 1, wanted, pages));
  }

  private static String text(long result) {
    return result < 0 ? Errno.name(result) : Long.toString(result);
  }

  @ParameterizedTest
  @CsvSource({
    // an entry without a page in a VMA that may be entered: GET, PIN, and faulting in only
    "v5.11   , EFAULT , 2      , 2",
    "v5.17   , EFAULT , 2      , 2",
    "v5.18   , EEXIST , EEXIST , 2",
    "v6.1.192, EEXIST , EEXIST , 2",
    "v6.18.2 , EEXIST , EEXIST , 2",
  })
  void meetsARawFrame(String version, String get, String pin, String populate) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.MIXED.map(machine, mm, AT, 2, true, true);
    pages[0] = Pins.GARBAGE;
    assertThat(text(machine.slow.get(mm, AT, 2, GET, pages))).isEqualTo(get);
    assertThat(text(machine.slow.get(mm, AT, 2, GupFlags.FOLL_PIN, pages))).isEqualTo(pin);
    assertThat(pages[0]).as("the slot is not written").isEqualTo(Pins.GARBAGE);
    assertThat(text(machine.slow.get(mm, AT, 2, GupFlags.FOLL_TOUCH, null))).isEqualTo(populate);
  }

  @Test
  void stopsAtTheFirstPageThatFails() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 2, false, true);
    assertThat(machine.slow.get(mm, AT, 4, GET, pages)).isEqualTo(2);
    assertThat(machine.slow.get(mm, AT + 8192, 1, GET, pages)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.slow.get(mm, AT + 8192, 1, GupFlags.FOLL_MADV_POPULATE, null))
        .isEqualTo(-Errno.ENOMEM);
    machine.map(mm, AT + 16384, 1, 0, null, null);
    assertThat(machine.slow.get(mm, AT + 16384, 1, GupFlags.FOLL_MADV_POPULATE, null))
        .isEqualTo(-Errno.EINVAL);
  }

  @Test
  void faultsOfTheObjectAreEfault() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    machine.map(mm, AT, 1, VM_READ | VM_WRITE | VM_SHARED, EMPTY, null);
    assertThat(machine.slow.get(mm, AT, 1, GET, pages)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.slow.get(mm, AT, 1, GET | GupFlags.FOLL_NOFAULT, pages))
        .isEqualTo(-Errno.EFAULT);
  }

  /** A debugger's dump does not fill holes: EFAULT, unless ->fault might have data. */
  @Test
  void dumpLeavesHolesAlone() {
    TestMachine machine = new TestMachine("v6.1.192");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    TestKind.MEMFD.map(machine, mm, AT + 4096, 1, true, true);
    int dump = GET | GupFlags.FOLL_DUMP;
    assertThat(machine.slow.get(mm, AT, 1, dump, pages)).isEqualTo(-Errno.EFAULT);
    assertThat(machine.slow.get(mm, AT + 4096, 1, dump, pages)).isEqualTo(1);
  }

  @Test
  void referencesAndPinsAreCounted() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 1);
    long pfn = Pte.pfn(mm.pageTable.get(AT));
    assertThat(machine.slow.get(mm, AT, 1, GET, pages)).isEqualTo(1);
    assertThat(pages[0]).isEqualTo(pfn);
    assertThat(machine.frames.refcount(pfn)).isEqualTo(2);
    assertThat(mm.hasPinned).isFalse();
    assertThat(machine.slow.get(mm, AT, 1, GupFlags.FOLL_PIN, pages)).isEqualTo(1);
    assertThat(mm.hasPinned).isTrue();
    assertThat(machine.frames.refcount(pfn)).isEqualTo(2 + Frames.PIN_BIAS);
    machine.pins.unpin(pfn);
    machine.pins.put(pfn);
    assertThat(machine.frames.refcount(pfn)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, 1025", "v6.1.192, 1", "v6.18.2, 1"})
  void zeroPageIsPinnedOnlyByOldKernels(String version, int references) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    long before = machine.frames.refcount(machine.frames.zeroPfn());
    assertThat(machine.slow.get(mm, AT, 1, GupFlags.FOLL_PIN, pages)).isEqualTo(1);
    assertThat(pages[0]).isEqualTo(machine.frames.zeroPfn());
    assertThat(machine.frames.refcount(pages[0])).isEqualTo((int) before + references - 1);
    machine.pins.unpin(pages[0]);
    assertThat(machine.frames.refcount(pages[0])).isEqualTo((int) before);
  }

  @ParameterizedTest
  @CsvSource({
    // who gets a frame of its own when it pins a page for reading that fork has shared
    "v5.11   , pin          , false",
    "v6.1.192, pin          , true",
    "v6.18.2 , pin          , true",
    "v6.18.2 , get          , false",
    "v6.1.192, pin longterm , true",
  })
  void pinUnsharesAnonymousPages(String version, String asked, boolean copies) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    machine.access.store(mm, AT, (byte) 7);
    long pte = mm.pageTable.get(AT);
    long pfn = Pte.pfn(pte);
    // what fork leaves behind: read-only, mapped twice, not exclusive
    machine.frames.clear(pfn, Frames.ANON_EXCLUSIVE);
    machine.frames.get(pfn);
    machine.frames.addMap(pfn);
    mm.pageTable.set(AT, Pte.wrProtect(pte, true));
    int flags = asked.startsWith("pin") ? GupFlags.FOLL_PIN : GET;
    flags |= asked.contains("longterm") ? GupFlags.FOLL_LONGTERM : 0;
    assertThat(machine.slow.get(mm, AT, 1, flags, pages)).isEqualTo(1);
    assertThat(pages[0] != pfn).isEqualTo(copies);
    assertThat(machine.frames.load(pages[0], 0)).isEqualTo((byte) 7);
    assertThat(Pte.write(mm.pageTable.get(AT))).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"v6.1.192, false", "v6.2, true", "v6.18.2, true"})
  void longtermReadPinOfAPrivateFilePage(String version, boolean copies) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.EXT4.map(machine, mm, AT, 1, false, true);
    machine.access.load(mm, AT);
    long cached = Pte.pfn(mm.pageTable.get(AT));
    int longterm = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;
    assertThat(machine.slow.get(mm, AT, 1, longterm, pages)).isEqualTo(1);
    assertThat(pages[0] != cached).isEqualTo(copies);
    assertThat(machine.slow.get(mm, AT, 1, GupFlags.FOLL_PIN, pages)).isEqualTo(1);
    assertThat(pages[0] != cached).as("a short pin takes what is mapped").isEqualTo(copies);
  }

  @ParameterizedTest
  @CsvSource({"v5.11, 1, 1, 1", "v6.1.192, 1, 1, 1", "v6.18.2, EFAULT, 1, 1"})
  void longtermWritePinOfFiles(String version, String ext4, String memfd, String privateExt4) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    TestKind.EXT4.map(machine, mm, AT, 1, true, true);
    TestKind.MEMFD.map(machine, mm, AT + 4096, 1, true, true);
    TestKind.EXT4.map(machine, mm, AT + 8192, 1, false, true);
    int flags = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM | GupFlags.FOLL_WRITE;
    assertThat(text(machine.slow.get(mm, AT, 1, flags, pages))).isEqualTo(ext4);
    assertThat(text(machine.slow.get(mm, AT + 4096, 1, flags, pages))).isEqualTo(memfd);
    assertThat(text(machine.slow.get(mm, AT + 8192, 1, flags, pages))).isEqualTo(privateExt4);
  }

  @Test
  void longtermPinOfCmaPages() {
    int flags = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;
    TestMachine old = new TestMachine("v5.11");
    Mm mm = old.newMm();
    TestKind.CMA.map(old, mm, AT, 1, true, true);
    assertThat(old.slow.get(mm, AT, 1, flags, pages)).isEqualTo(1);

    TestMachine machine = new TestMachine("v6.1.192");
    Mm other = machine.newMm();
    TestKind.CMA.map(machine, other, AT, 1, true, true);
    assertThatThrownBy(() -> machine.slow.getUnlocked(other, AT, 1, flags, pages, 0))
        .isInstanceOf(KernelHang.class);
    assertThat(machine.frames.refcount(Pte.pfn(other.pageTable.get(AT))))
        .as("the pin was dropped before the next try")
        .isEqualTo(2);
    assertThat(other.isLocked()).isFalse();
  }

  @Test
  void aHandlerThatNeverInsertsSpins() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    VmOps lazy =
        new VmOps() {
          @Override
          public boolean hasFault() {
            return true;
          }

          @Override
          public int fault(VmFault fault) {
            return VmFault.NOPAGE;
          }
        };
    machine.map(mm, AT, 1, VM_READ | VM_SHARED, lazy, null);
    assertThatThrownBy(() -> machine.slow.get(mm, AT, 1, GET, pages))
        .isInstanceOf(KernelHang.class);
  }

  @Test
  void refusesContradictoryFlags() {
    TestMachine machine = new TestMachine("v6.18.2");
    Mm mm = machine.newMm();
    TestKind.ANON.map(machine, mm, AT, 1, false, true);
    int both = GupFlags.FOLL_GET | GupFlags.FOLL_PIN;
    assertThat(machine.slow.get(mm, AT, 1, both, pages)).isEqualTo(-Errno.EINVAL);
    assertThat(machine.slow.get(mm, AT, 1, GET | GupFlags.FOLL_LONGTERM, pages))
        .isEqualTo(-Errno.EINVAL);
    assertThat(machine.kernel.log().warnings()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void growsStacksOnlyInOldKernels(String version) {
    TestMachine machine = new TestMachine(version);
    Mm mm = machine.newMm();
    Vma vma = machine.map(mm, AT, 1, VM_READ | VM_WRITE | VM_GROWSDOWN, null, null);
    boolean grows = version.equals("v5.11");
    assertThat(machine.slow.get(mm, AT - 4096, 1, GET, pages)).isEqualTo(grows ? 1 : -Errno.EFAULT);
    assertThat(vma.start).isEqualTo(grows ? AT - 4096 : AT);
  }

  @Test
  void secretMemoryIsRefusedOnceItExists() {
    VmOps secret =
        new VmOps() {
          @Override
          public boolean isSecretmem() {
            return true;
          }
        };
    for (String version : new String[] {"v6.1.192", "v6.18.2"}) {
      TestMachine machine = new TestMachine(version);
      Mm mm = machine.newMm();
      machine.map(mm, AT, 1, VM_READ | VM_WRITE | VM_SHARED, secret, null);
      assertThat(machine.slow.get(mm, AT, 1, GET, pages)).isEqualTo(-Errno.EFAULT);
    }
  }

  /** Canary: the tables above must notice a kernel that lacks a rule. */
  @Test
  void canaryMissesARule() {
    KernelProfile broken =
        KernelProfile.of("v6.18.2").without(VmaCheck.LONGTERM_REFUSES_FILE_BACKED);
    TestMachine machine = new TestMachine(broken);
    Mm mm = machine.newMm();
    TestKind.EXT4.map(machine, mm, AT, 1, true, true);
    int flags = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM | GupFlags.FOLL_WRITE;
    assertThat(machine.slow.get(mm, AT, 1, flags, pages)).isEqualTo(1);
  }

  @Test
  void policyHasTheLastWord() {
    TestMachine machine =
        new TestMachine(
            KernelProfile.of("v6.18.2"),
            (vma, address, flags, verdict) -> vma.has(VM_MIXEDMAP) ? -Errno.EPERM : verdict,
            null);
    Mm mm = machine.newMm();
    TestKind.INSERTED.map(machine, mm, AT, 1, true, true);
    TestKind.ANON.map(machine, mm, AT + 4096, 1, false, true);
    assertThat(machine.slow.get(mm, AT, 1, GET, pages)).isEqualTo(-Errno.EPERM);
    assertThat(machine.slow.get(mm, AT + 4096, 1, GET, pages)).isEqualTo(1);
  }
}
