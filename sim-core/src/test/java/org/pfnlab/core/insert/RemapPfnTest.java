package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;
import static org.pfnlab.core.mm.VmFlags.VM_DONTDUMP;
import static org.pfnlab.core.mm.VmFlags.VM_DONTEXPAND;
import static org.pfnlab.core.mm.VmFlags.VM_IO;
import static org.pfnlab.core.mm.VmFlags.VM_PAT;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.PfnModify;
import org.pfnlab.core.pfnmap.PfnmapFeatures;

/** remap_pfn_range: what it demands, in which order, what it writes and what a failure leaves. */
final class RemapPfnTest {
  private static final long REMAPPED = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;

  @ParameterizedTest
  @CsvSource({
    "v5.11, true",
    "v6.1, true",
    "v6.1.192, true",
    "v6.12, true",
    "v6.16, false",
    "v6.18.2, false",
  })
  void wholeSharedMapping(String version, boolean vmPat) {
    SmallMachine m = new SmallMachine(version);
    Vma vma = m.vma(SHARED, 1000);
    vma.pgoff = 77;
    assertThat(m.remapWhole(vma, BAR, Pte.PWT)).isZero();
    assertThat(vma.flags).isEqualTo(SHARED | REMAPPED | (vmPat ? VM_PAT : 0));
    assertThat(vma.pfnmapTrackCtx == null).isEqualTo(vmPat);
    assertThat(vma.pgoff).isEqualTo(77);
    for (int i = 0; i < 1000; i++) {
      assertThat(m.pte(vma, i)).isEqualTo(Pte.of(BAR + i, Pte.PAGE_SHARED) | Pte.PWT | Pte.SPECIAL);
    }
    assertThat(m.pte(vma, 1000)).isZero();
    assertThat(m.mm.fileRss).isZero();
  }

  /** One lock and one call of remap_pte_range for each of the three tables. */
  @Test
  void countsOnceATable() {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, 1030);
    m.remapWhole(vma, BAR, 0);
    assertThat(m.kernel.meter.get(PageTable.PTE_LOCK)).isEqualTo(3);
    assertThat(m.kernel.meter.get(InsertEvents.REMAP_PTE_RANGE)).isEqualTo(3);
    assertThat(m.kernel.meter.get(PageTable.PTE_SET)).isEqualTo(1030);
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isEqualTo(1030);
    assertThat(m.kernel.meter.get(InsertEvents.REMAP_PFN_RANGE)).isEqualTo(1);
    assertThat(m.kernel.meter.get(InsertEvents.REMAP_NOTRACK)).isEqualTo(1);
  }

  @Test
  void notrackIsYoungerThanV511() {
    SmallMachine m = new SmallMachine("v5.11");
    m.remapWhole(m.vma(SHARED, 4), BAR, 0);
    assertThat(m.kernel.meter.get(InsertEvents.REMAP_NOTRACK)).isZero();
  }

  /** A COW mapping is covered as a whole, and its vm_pgoff becomes the first frame. */
  @ParameterizedTest
  @CsvSource({
    // version, first page, pages of 4, result, vm_pgoff, resource walks before the answer
    "v5.11,    0, 4, 0,      f8000, 2",
    "v5.11,    0, 2, EINVAL, 7,     0",
    "v5.11,    1, 3, EINVAL, 7,     0",
    "v6.1.192, 0, 4, 0,      f8000, 2",
    "v6.1.192, 0, 2, EINVAL, 7,     2",
    "v6.1.192, 1, 1, EINVAL, 7,     1",
    "v6.18.2,  0, 4, 0,      f8000, 2",
    "v6.18.2,  0, 2, EINVAL, 7,     2",
    "v6.18.2,  1, 1, EINVAL, 7,     1",
  })
  void cowMappings(String version, int first, int pages, String result, String pgoff, long walks) {
    SmallMachine m = new SmallMachine(version);
    Vma vma = m.vma(PRIVATE, 4);
    vma.pgoff = 7;
    long answer =
        m.remap.remapPfnRange(
            vma, vma.start + first * 4096L, BAR, pages * 4096L, Pte.PAGE_COPY | Pte.PWT);
    assertThat(answer == 0 ? "0" : Errno.name(answer)).isEqualTo(result);
    assertThat(Long.toHexString(vma.pgoff)).isEqualTo(pgoff);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isEqualTo(walks);
    if (answer == 0) {
      assertThat(Pte.write(m.pte(vma, 0))).isFalse();
    } else {
      assertThat(vma.flags).isEqualTo(PRIVATE);
      assertThat(m.pte(vma, first)).isZero();
    }
  }

  /** v5.11 rewrites vm_pgoff before PAT refuses; later kernels ask PAT first. */
  @ParameterizedTest
  @CsvSource({"v5.11, f8000", "v6.1.192, 7", "v6.18.2, 7"})
  void whenPatRefuses(String version, String pgoff) {
    SmallMachine m = new SmallMachine(version);
    // two reservations that disagree make every one over both fail
    m.remapWhole(m.vma(SHARED, 1), BAR, Pte.PWT);
    m.remapWhole(m.vma(SHARED, 1), BAR + 1, Pte.PCD);
    Vma vma = m.vma(PRIVATE, 4);
    vma.pgoff = 7;
    assertThat(m.remapWhole(vma, BAR, Pte.PWT)).isEqualTo(-Errno.EINVAL);
    assertThat(Long.toHexString(vma.pgoff)).isEqualTo(pgoff);
    assertThat(vma.flags).isEqualTo(PRIVATE);
    assertThat(vma.pfnmapTrackCtx).isNull();
  }

  /** Shared mappings may be filled in pieces and in any order; only one-page VMAs are tracked. */
  @Test
  void pieces() {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, 4);
    for (int i = 0; i < 4; i++) {
      long address = vma.start + i * 4096L;
      assertThat(m.remap.remapPfnRange(vma, address, BAR + 3 - i, 4096, vma.pageProt)).isZero();
      assertThat(Pte.pfn(m.pte(vma, i))).isEqualTo(BAR + 3 - i);
    }
    assertThat(vma.flags).isEqualTo(SHARED | REMAPPED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void misalignedAddress(String version) {
    SmallMachine m = new SmallMachine(version);
    Vma vma = m.vma(SHARED, 4);
    assertThat(m.remap.remapPfnRange(vma, vma.start + 8, BAR, 4096, vma.pageProt))
        .isEqualTo(-Errno.EINVAL);
    assertThat(m.kernel.log().warnings()).isEqualTo(1);
    assertThat(vma.flags).isEqualTo(SHARED);
  }

  @Test
  void sizesAreRoundedUp() {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, 4);
    assertThat(m.remap.remapPfnRange(vma, vma.start, BAR, 4097, vma.pageProt)).isZero();
    assertThat(m.pte(vma, 1)).isNotZero();
    assertThat(m.pte(vma, 2)).isZero();
  }

  /** Entries before the one that is there are written when the assertion fires. */
  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void presentEntryIsABug(String version) {
    SmallMachine m = new SmallMachine(version);
    Vma vma = m.vma(SHARED, 8);
    m.mm.pageTable.set(vma.start + 5 * 4096, Pte.of(1, Pte.PAGE_SHARED));
    assertThatThrownBy(() -> m.remapWhole(vma, BAR, 0)).isSameAs(InsertBugs.REMAP_PTE_PRESENT);
    assertThat(Pte.pfn(m.pte(vma, 4))).isEqualTo(BAR + 4);
    assertThat(Pte.pfn(m.pte(vma, 5))).isEqualTo(1);
    assertThat(m.pte(vma, 6)).isZero();
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isEqualTo(5);
  }

  @Test
  void nothingToMapIsABug() {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, 8);
    assertThatThrownBy(() -> m.remap.remapPfnRangeNotrack(vma, vma.start, BAR, 0, vma.pageProt))
        .isSameAs(InsertBugs.REMAP_EMPTY_RANGE);
  }

  /** A frame that L1TF forbids, half-way: who zaps, and that no reservation is left. */
  @ParameterizedTest
  @CsvSource({
    "v5.11, 700, left",
    "v6.1, 700, left",
    "v6.1.192, 700, zapped",
    "v6.18.2, 700, zapped",
    "v5.11, 0, nothing",
    "v6.1.192, 0, nothing",
    "v6.18.2, 0, nothing",
  })
  void failureHalfWay(String version, int before, String after) {
    SmallMachine m = new SmallMachine(KernelProfile.of(version).with(PfnmapFeatures.X86_BUG_L1TF));
    Vma vma = m.vma(SHARED, 1000);
    long first = PfnModify.L1TF_PFN_LIMIT - before;
    long answer = m.remap.remapPfnRange(vma, vma.start, first, 1000 << 12, Pte.PAGE_NONE);
    assertThat(answer).isEqualTo(-Errno.EACCES);
    for (int i = 0; i < 1000; i++) {
      assertThat(m.pte(vma, i) != 0).isEqualTo(after.equals("left") && i < before);
    }
    assertThat(vma.flags).isEqualTo(SHARED | REMAPPED);
    assertThat(vma.pfnmapTrackCtx).isNull();
    assertThat(m.kernel.log().lines()).noneMatch(line -> line.contains("memtype"));
    assertThat(m.memtypes.count()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // VMA pages, vm_pgoff, memory start, length, result, first pfn
    "4, 0, f8000000, 4000, 0,      f8000",
    "2, 1, f8000000, 4000, 0,      f8001",
    "2, 2, f8000000, 4000, 0,      f8002",
    "2, 3, f8000000, 4000, EINVAL, 0",
    "2, 5, f8000000, 4000, EINVAL, 0",
    "2, 0, f8000800, 1800, 0,      f8000",
    "2, 0, f8000800, 1000, 0,      f8000",
    "3, 0, f8000800, 1000, EINVAL, 0",
    "1, 0, f8000000, fffffffffffffff0, EINVAL, 0",
  })
  void iomapMemory(
      int pages, long pgoff, String start, String length, String result, String firstPfn) {
    SmallMachine m = new SmallMachine("v6.1.192");
    Vma vma = m.vma(SHARED, pages);
    vma.pgoff = pgoff;
    long answer =
        m.remap.vmIomapMemory(vma, Long.parseLong(start, 16), Long.parseUnsignedLong(length, 16));
    assertThat(answer == 0 ? "0" : Errno.name(answer)).isEqualTo(result);
    assertThat(Pte.pfn(m.pte(vma, 0))).isEqualTo(Long.parseLong(firstPfn, 16));
  }

  @Test
  void withoutSpecialBit() {
    SmallMachine m =
        new SmallMachine(KernelProfile.of("v6.1.192").without(Arch.ARCH_HAS_PTE_SPECIAL));
    Vma vma = m.vma(PRIVATE, 4);
    m.remapWhole(vma, BAR, 0);
    assertThat(Pte.special(m.pte(vma, 0))).isFalse();
    assertThat(m.normalPage.of(vma, vma.start, m.pte(vma, 0))).isEqualTo(-1);
  }

  /** Random ranges, protections and neighbours against one entry at a time. */
  @Test
  void randomRangesAgreeWithOneEntryAtATime() {
    long seed = 20210201;
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      SmallMachine m = new SmallMachine("v6.18.2");
      Vma vma = m.vma(SHARED, 1600);
      int first = random.nextInt(1500);
      int pages = 1 + random.nextInt(1600 - first - 1);
      int there = random.nextInt(1600);
      long prot = random.nextBoolean() ? Pte.PAGE_SHARED : Pte.PAGE_NONE;
      m.mm.pageTable.set(vma.start + there * 4096L, 1);
      boolean bug = there >= first && there < first + pages;
      try {
        m.remap.remapPfnRangeNotrack(vma, vma.start + first * 4096L, BAR, (long) pages << 12, prot);
        assertThat(bug).as("seed %d round %d", seed, round).isFalse();
      } catch (org.pfnlab.core.kernel.KernelBug e) {
        assertThat(bug).as("seed %d round %d", seed, round).isTrue();
      }
      for (int i = 0; i < 1600; i++) {
        boolean filled = i >= first && i < first + pages && (!bug || i < there);
        long expected = filled ? Pte.of(BAR + i - first, prot) | Pte.SPECIAL : 0;
        assertThat(m.pte(vma, i))
            .as("seed %d round %d page %d", seed, round, i)
            .isEqualTo(i == there ? 1 : expected);
      }
    }
  }

  /** Canary: the same call in the other order leaves another trace. */
  @Test
  void canaryOrderOfTrackingIsVisible() {
    KernelProfile late = KernelProfile.of("v6.1.192").without(InsertFeatures.REMAP_TRACKS_FIRST);
    SmallMachine m = new SmallMachine(late);
    Vma vma = m.vma(PRIVATE, 4);
    m.remap.remapPfnRange(vma, vma.start, BAR, 4096, vma.pageProt);
    assertThat(m.kernel.meter.get(ResourceTree.WALK_SYSTEM_RAM_RANGE)).isZero();
  }
}
