package org.pfnlab.drivers.toygpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.Rig;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Inserter;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.PteTarget;

class ToyGpuTest {
  /** Entries left after each kind of revocation, and what the next load gives. */
  @ParameterizedTest(name = "{1} {0}")
  @CsvSource({
    // remap_pfn_range fills at mmap only, so that nothing comes back
    "mod_a_bar_remap_wc, v6.1.192, 0, 0, SIGBUS/BUS_ADRERR",
    "mod_b_bar_insert_pfn_wc, v6.1.192, 0, 0, 1111222233330000",
    "mod_c_bar_iomap_prefault, v6.1.192, 0, 0, 1111222233330000",
    // counted pages that do not belong to the file: spared without even_cows up to v5.17
    "mod_d_sys_vm_insert_page, v5.11, 4, 0, SIGBUS/BUS_ADRERR",
    "mod_d_sys_vm_insert_page, v6.1.192, 0, 0, SIGBUS/BUS_ADRERR",
    "mod_h_sys_fault_page, v5.11, 4, 0, 1111222233330000",
    "mod_h_sys_fault_page, v6.18.2, 0, 0, 1111222233330000",
  })
  void revokes(String kind, String kernel, int left, int leftEvenCows, String reload) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open(kind, 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    touch(rig, at, 4);
    assertThat(object.revoke(false)).isZero();
    assertThat(rig.present(at, 4)).as("without even_cows").isEqualTo(left);
    touch(rig, at, 4);
    assertThat(object.revoke(true)).isZero();
    assertThat(rig.present(at, 4)).as("with even_cows").isEqualTo(leftEvenCows);
    assertThat(rig.load(at)).isEqualTo(reload);
    rig.check();
  }

  @Test
  void revocationSparesPrivateCopiesUnlessToldOtherwise() {
    Rig rig = Rig.boot("v6.1.192");
    ObjectUnderTest object = rig.open("mod_c_bar_iomap_prefault", 4);
    long at = rig.map(object, 4, Rig.RW, Rig.PRIVATE);
    rig.store(at, 0x77);
    object.revoke(false);
    assertThat(rig.load(at)).isEqualTo("77");
    object.revoke(true);
    assertThat(rig.load(at)).as("the BAR again").isEqualTo("1111222233330000");
    rig.check();
  }

  private static void touch(Rig rig, long at, int pages) {
    for (int page = 0; page < pages; page++) {
      rig.load(at + page * 4096L);
    }
  }

  /** Reservations and per-page questions that a mapping of 16 pages costs. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "mod_a_bar_remap_wc, 1, 0",
    "mod_b_bar_insert_pfn_wc, 0, 16",
    "mod_b_bar_insert_pfn_wc_noreserve, 0, 16",
    "mod_c_bar_iomap_prefault, 0, 0",
    "mod_d_sys_vm_insert_page, 0, 0",
    "mod_e_sys_insert_pfn, 0, 16",
    "mod_g2_sys_remap_each, 0, 16",
    "mod_h_sys_fault_page, 0, 0",
  })
  void asksPat(String kind, long reservations, long lookups) {
    Rig rig = Rig.boot("v6.1.192");
    ObjectUnderTest object = KindCatalog.standard().find(kind).on(rig.machine).open(16);
    long[] at = new long[1];
    Runnable use =
        () -> {
          at[0] = rig.map(object, 16, Rig.RW, Rig.SHARED);
          touch(rig, at[0], 16);
        };
    long inserted = rig.machine.kernel().meter.get(Memtypes.TREE_INSERT);
    assertThat(rig.count(Memtypes.LOOKUP, use)).isEqualTo(lookups);
    assertThat(rig.machine.kernel().meter.get(Memtypes.TREE_INSERT) - inserted)
        .isEqualTo(reservations);
    assertThat(rig.present(at[0], 16)).isEqualTo(16);
  }

  @Test
  void reservesTheWholeBarOnceForEveryObject() {
    Rig rig = Rig.boot("v6.1.192");
    Device device = KindCatalog.standard().find("mod_b_bar_insert_pfn_wc").on(rig.machine);
    assertThat(rig.count(Memtypes.TREE_INSERT, () -> device.open(4))).isEqualTo(1);
    assertThat(rig.count(Memtypes.TREE_INSERT, () -> device.open(4))).isZero();
    assertThat(rig.machine.memtypes().listText())
        .contains("0x00000000f8000000-0x00000000fc000000] write-combining");
  }

  @Test
  void givesEveryObjectPagesOfItsOwn() {
    Rig rig = Rig.boot("v6.1.192");
    Device device = KindCatalog.standard().find("mod_a_bar_remap_wc").on(rig.machine);
    ObjectUnderTest first = device.open(4);
    ObjectUnderTest second = device.open(4);
    rig.fill(first, 4);
    long at = rig.map(second, 4, Rig.RW, Rig.SHARED);
    assertThat(rig.load(at)).isEqualTo("0");
    long pfn = Pte.pfn(rig.pte(at));
    assertThat(second.target(pfn)).isEqualTo(PteTarget.bar(0));
    assertThat(first.target(pfn)).isEqualTo(PteTarget.bar(8));
    assertThat(second.target(0x3_0000)).isEqualTo(PteTarget.OTHER);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void aPfnInsertedIntoACowMappingIsABug(String kernel) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = rig.open("mod_e_sys_insert_pfn_cow", 4);
    long at = rig.map(object, 4, Rig.R, Rig.PRIVATE);
    assertThat(Errno.isError(at)).as("mmap itself is fine").isFalse();
    assertThatThrownBy(() -> rig.load(at))
        .isInstanceOf(KernelBug.class)
        .hasMessageContaining("vmf_insert_pfn");
  }

  @Test
  void soIsAHugeOne() {
    Rig rig = Rig.boot("v6.18.2");
    ObjectUnderTest object = rig.open("mod_i_bar_huge_pfn_cow", 1024);
    long at = rig.map(object, 1024, Rig.RW, Rig.PRIVATE);
    rig.vma(at).flags |= VmFlags.VM_HUGEPAGE;
    assertThatThrownBy(() -> rig.load(at))
        .isInstanceOf(KernelBug.class)
        .hasMessageContaining("vmf_insert_pfn_pmd");
  }

  /** ptrace and /proc/pid/mem reach a BAR only through vm_ops->access. */
  @ParameterizedTest
  @CsvSource({"mod_a_bar_remap_wc, EIO", "mod_a_bar_remap_wc_access, 4096"})
  void debuggersNeedAnAccessOperation(String kind, String expected) {
    Rig rig = Rig.boot("v6.1.192");
    ObjectUnderTest object = rig.open(kind, 4);
    long at = rig.map(object, 4, Rig.RW, Rig.SHARED);
    long got = rig.machine.procMem().read(rig.process.mm, at, new byte[4096], 4096);
    assertThat(Errno.isError(got) ? Errno.name(got) : Long.toString(got)).isEqualTo(expected);
  }

  @Test
  void mapsTwoMebibytesAtOnceWhereEverythingIsAligned() {
    Rig rig = Rig.boot("v6.18.2");
    ObjectUnderTest object =
        KindCatalog.standard().find("mod_i_bar_huge_pfn").on(rig.machine).open(1024);
    long at = rig.map(object, 1024, Rig.RW, Rig.SHARED);
    rig.vma(at).flags |= VmFlags.VM_HUGEPAGE;
    assertThat(rig.count(Memtypes.LOOKUP, () -> rig.store(at, 1))).isEqualTo(1);
    assertThat(rig.process.mm.pageTable.levelAt(at)).isEqualTo(2);
    assertThat(rig.store(at + 0x1f_f000, 2)).isEqualTo("ok");
    assertThat(object.word(511)).isEqualTo(2);
    assertThat(rig.process.mm.pageTable.levelAt(at + 0x20_0000)).as("not touched").isZero();
  }

  /**
   * Any time of filling goes with any inserter that can do it: a driver of one's own is one line.
   */
  @Test
  void combinesChoicesFreely() {
    Rig rig = Rig.boot("v6.1.192");
    ToyGpu gpu = ToyGpu.probe(rig.machine, new Bar(0xf800_0000L, 64 << 20));
    ToyMapping remapInFirstFault =
        ToyMapping.of(
            ToyMapping.Memory.BAR,
            FillTime.FIRST_FAULT,
            Inserter.REMAP_PFN_RANGE,
            ToyMapping.Cache.UNCACHED_MINUS,
            ToyMapping.PFNMAP);
    OpenFile file = gpu.open(remapInFirstFault, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
    long at = rig.map(file, 0, 8, Rig.RW, Rig.SHARED);
    assertThat(rig.present(at, 8)).isZero();
    assertThat(rig.load(at)).isEqualTo("0");
    assertThat(rig.present(at, 8)).isEqualTo(8);
    gpu.revoke(true);
    assertThat(rig.load(at + 0x7000)).isEqualTo("0");
    rig.check();
  }

  @Test
  void anInserterSaysWhatItCannotDo() {
    Rig rig = Rig.boot("v6.1.192");
    ToyGpu gpu = ToyGpu.probe(rig.machine, new Bar(0xf800_0000L, 64 << 20));
    ToyMapping impossible =
        ToyMapping.of(
            ToyMapping.Memory.SYSTEM,
            FillTime.AT_MMAP,
            Inserter.FAULT_PAGE,
            ToyMapping.Cache.DEFAULT,
            0);
    OpenFile file = gpu.open(impossible, OpenFile.FMODE_READ | OpenFile.FMODE_WRITE);
    assertThatThrownBy(() -> rig.map(file, 0, 1, Rig.RW, Rig.SHARED))
        .hasMessageContaining("FAULT_PAGE answers faults only");
  }

  /** Canary: a driver that forgets to say which pages it holds is found out. */
  @Test
  void invariantsMissPagesThatNobodyOwnsUpTo() {
    Rig rig = Rig.boot("v6.1.192");
    rig.machine.frames().alloc();
    assertThatThrownBy(rig::check).hasMessageContaining("somebody knows only of");
    FrameHolder liar = references -> references.mergeInt(0x2000, 1, Integer::sum);
    rig.machine.addFrameHolder(liar);
    assertThatThrownBy(rig::check).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aBarMovesAboveRam() {
    Rig rig = Rig.boot("v6.1.192");
    assertThat(Bar.prefer(rig.machine.frames(), 0xf800_0000L, 64 << 20).base())
        .isEqualTo(0xf800_0000L);
    assertThat(Bar.prefer(rig.machine.frames(), 0x3000_0000L, 64 << 20).base())
        .as("the end of 1 GiB of RAM")
        .isEqualTo(0x4000_0000L);
  }
}
