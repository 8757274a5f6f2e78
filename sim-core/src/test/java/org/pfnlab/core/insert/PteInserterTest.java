package org.pfnlab.core.insert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.iomap.SmallMachine.BAR;
import static org.pfnlab.core.iomap.SmallMachine.PRIVATE;
import static org.pfnlab.core.iomap.SmallMachine.SHARED;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomap.SmallMachine;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.PfnModify;
import org.pfnlab.core.pfnmap.PfnmapFeatures;
import org.pfnlab.core.phys.Frames;

/**
 * What each inserter demands and does, as a table. The address is the VMA's second page, or the
 * page behind it ({@code out}); what is there before is nothing, or an entry of another frame
 * ({@code old}).
 *
 * <pre>
 *   frame: page = RAM with a reference, free = RAM without, anon, slab, zero = the zero page,
 *          bar = no struct page
 *   entry: special, counted (reference, mapcount and rss), zero-special, old, none
 * </pre>
 */
final class PteInserterTest {
  private static final String[] VERSIONS = {"v5.11", "v6.1.192", "v6.18.2"};

  private SmallMachine m = new SmallMachine("v6.18.2");
  private Vma vma = m.vma(SHARED, 4);
  private long frame;

  @ParameterizedTest
  @CsvSource({
    // call,          VMA,             frame, where, there, 5.11, 6.1.192, 6.18, entry (the last
    // era)
    "vm_insert_page,  shared locked,   page,  in,    -,     0, 0, 0, counted",
    "vm_insert_page,  private locked,  page,  in,    -,     0, 0, 0, counted",
    "vm_insert_page,  mixed,           page,  in,    -,     0, 0, 0, counted",
    "vm_insert_page,  mixed cow,       page,  in,    -,     0, 0, 0, counted",
    "vm_insert_page,  mixed io,        page,  in,    -,     0, 0, 0, counted",
    "vm_insert_page,  shared locked,   page,  in,    old,   EBUSY, EBUSY, EBUSY, old",
    "vm_insert_page,  shared locked,   page,  out,   -,     EFAULT, EFAULT, EFAULT, none",
    "vm_insert_page,  shared locked,   free,  in,    -,     EINVAL, EINVAL, EINVAL, none",
    "vm_insert_page,  shared locked,   anon,  in,    -,     EINVAL, EINVAL, EINVAL, none",
    "vm_insert_page,  shared locked,   slab,  in,    -,     EINVAL, EINVAL, EINVAL, none",
    "vm_insert_page,  shared locked,   zero,  in,    -,     0, 0, EINVAL, none",
    "vm_insert_page,  private locked,  zero,  in,    -,     0, 0, 0, zero-special",
    "vm_insert_page,  rofd locked,     zero,  in,    -,     0, 0, 0, zero-special",
    "vm_insert_page,  shared,          page,  in,    -,     BUG, BUG, BUG, none",
    "vm_insert_page,  shared,          page,  out,   -,     EFAULT, EFAULT, EFAULT, none",
    "vm_insert_page,  pfnmap locked,   page,  in,    -,     BUG, BUG, BUG, none",
    "vm_insert_page,  pfnmap,          page,  in,    -,     BUG, BUG, BUG, none",
    "vm_insert_page,  pfnmap locked,   free,  in,    -,     EINVAL, EINVAL, EINVAL, none",
    "vmf_insert_page, mixed,           page,  in,    -,     NOPAGE, NOPAGE, NOPAGE, counted",
    "vmf_insert_page, mixed,           page,  in,    old,   NOPAGE, NOPAGE, NOPAGE, old",
    "vmf_insert_page, mixed,           page,  out,   -,     SIGBUS, SIGBUS, SIGBUS, none",
    "vmf_insert_page, mixed,           anon,  in,    -,     SIGBUS, SIGBUS, SIGBUS, none",
    "vmf_insert_page, shared,          page,  in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  pfnmap,          bar,   in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  pfnmap,          page,  in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  pfnmap,          free,  in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  pfnmap,          bar,   in,    old,   NOPAGE, NOPAGE, NOPAGE, old",
    "vmf_insert_pfn,  pfnmap,          bar,   out,   -,     SIGBUS, SIGBUS, SIGBUS, none",
    "vmf_insert_pfn,  pfnmap rofd,     bar,   in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  pfnmap cow,      bar,   in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  pfnmap cow,      bar,   out,   -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  mixed,           bar,   in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  mixed cow,       bar,   in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_pfn,  mixed,           page,  in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  mixed,           zero,  in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  shared,          bar,   in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_pfn,  pfnmap mixed,    bar,   in,    -,     BUG, BUG, BUG, none",
    "vmf_insert_mixed, mixed,          page,  in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_mixed, mixed,          bar,   in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_mixed, mixed cow,      page,  in,    -,     NOPAGE, NOPAGE, NOPAGE, special",
    "vmf_insert_mixed, mixed,          page,  in,    old,   NOPAGE, NOPAGE, NOPAGE, old",
    "vmf_insert_mixed, mixed,          page,  out,   -,     SIGBUS, SIGBUS, SIGBUS, none",
    "vmf_insert_mixed, shared,         page,  in,    -,     BUG, BUG, SIGBUS, none",
    "vmf_insert_mixed, shared,         page,  out,   -,     BUG, BUG, SIGBUS, none",
    "vmf_insert_mixed, pfnmap,         bar,   in,    -,     BUG, BUG, SIGBUS, none",
    "vmf_insert_mixed, shared,         zero,  in,    -,     NOPAGE, NOPAGE, SIGBUS, none",
    "vmf_insert_mixed, private,        zero,  in,    -,     NOPAGE, NOPAGE, NOPAGE, zero-special",
  })
  void table(
      String call,
      String where,
      String what,
      String at,
      String there,
      String v511,
      String v61,
      String v618,
      String entry) {
    String[] expected = {v511, v61, v618};
    for (int i = 0; i < VERSIONS.length; i++) {
      boot(KernelProfile.of(VERSIONS[i]), where, what);
      long address = at.equals("out") ? vma.end : vma.start + 4096;
      long old = Pte.of(0x1234, vma.pageProt) | Pte.SPECIAL;
      if (there.equals("old")) {
        m.mm.pageTable.set(address, old);
      }
      assertThat(call(call, address)).as(VERSIONS[i]).isEqualTo(expected[i]);
      if (i == VERSIONS.length - 1) {
        assertThat(entry(address, old)).as(VERSIONS[i]).isEqualTo(entry);
      }
      assertThat(m.mm.isLocked()).isEqualTo(where.endsWith("locked"));
    }
  }

  /** Where a special bit is missing, vmf_insert_mixed counts what has a struct page. */
  @ParameterizedTest
  @CsvSource({
    "mixed,  page, NOPAGE, counted",
    "mixed,  bar,  NOPAGE, plain",
    "mixed,  anon, SIGBUS, none",
    "pfnmap, bar,  NOPAGE, plain",
  })
  void withoutSpecialBit(String where, String what, String result, String entry) {
    for (String version : VERSIONS) {
      boot(KernelProfile.of(version).without(Arch.ARCH_HAS_PTE_SPECIAL), where, what);
      long address = vma.start + 4096;
      String call = where.equals("mixed") ? "vmf_insert_mixed" : "vmf_insert_pfn";
      assertThat(call(call, address)).as(version).isEqualTo(result);
      assertThat(entry(address, 0)).as(version).isEqualTo(entry);
    }
  }

  /** vm_insert_page marks the VMA; the others leave its flags alone. */
  @Test
  void flagsThatInsertersSet() {
    boot(KernelProfile.of("v6.1.192"), "shared locked", "page");
    call("vm_insert_page", vma.start);
    assertThat(vma.flags).isEqualTo(SHARED | VmFlags.VM_MIXEDMAP);

    boot(KernelProfile.of("v6.1.192"), "pfnmap", "bar");
    call("vmf_insert_pfn", vma.start);
    assertThat(vma.flags).isEqualTo(SHARED | VmFlags.VM_PFNMAP);
  }

  /** The protection is used literally, but for the cache bits of raw frames, which PAT decides. */
  @Test
  void protections() {
    boot(KernelProfile.of("v6.1.192"), "shared locked", "page");
    vma.pageProt = Pte.withCacheBits(Pte.PAGE_SHARED, Pte.PWT);
    call("vm_insert_page", vma.start);
    assertThat(m.pte(vma, 0)).isEqualTo(Pte.of(frame, Pte.PAGE_SHARED) | Pte.PWT);

    boot(KernelProfile.of("v6.1.192"), "pfnmap", "bar");
    m.inserter.vmfInsertPfnProt(vma, vma.start, BAR, Pte.PAGE_READONLY | Pte.PWT);
    assertThat(m.pte(vma, 0)).isEqualTo(Pte.of(BAR, Pte.PAGE_READONLY) | Pte.PCD | Pte.SPECIAL);
  }

  /** mkwrite: young and dirty, writable if the VMA is; a present entry of the same frame too. */
  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void mkwrite(String version) {
    boot(KernelProfile.of(version), "mixed", "page");
    long readOnly = Pte.PAGE_READONLY & ~Pte.ACCESSED;
    vma.pageProt = readOnly;
    m.inserter.vmfInsertMixedMkwrite(vma, vma.start, frame);
    long made = m.pte(vma, 0);
    assertThat(Pte.young(made) && Pte.dirty(made) && Pte.write(made)).isTrue();

    m.mm.pageTable.set(vma.start + 4096, Pte.of(frame, readOnly) | Pte.SPECIAL);
    m.inserter.vmfInsertMixedMkwrite(vma, vma.start + 4096, frame);
    assertThat(m.pte(vma, 1)).isEqualTo(made);

    long other = Pte.of(frame + 1, readOnly) | Pte.SPECIAL;
    m.mm.pageTable.set(vma.start + 8192, other);
    m.inserter.vmfInsertMixedMkwrite(vma, vma.start + 8192, frame);
    assertThat(m.pte(vma, 2)).isEqualTo(other);
    assertThat(m.kernel.log().warnings()).isEqualTo(1);

    vma.flags &= ~VmFlags.VM_WRITE;
    m.inserter.vmfInsertMixedMkwrite(vma, vma.start + 12288, frame);
    long unwritable = m.pte(vma, 3);
    assertThat(Pte.dirty(unwritable)).isTrue();
    assertThat(Pte.write(unwritable)).isFalse();
  }

  @Test
  void insertPageMkwriteUpgradesTheSamePageOnly() {
    boot(KernelProfile.of("v6.18.2"), "shared", "page");
    vma.pageProt = Pte.PAGE_READONLY;
    assertThat(m.inserter.vmfInsertPageMkwrite(vma, vma.start, frame, false))
        .isEqualTo(VmFault.NOPAGE);
    assertThat(Pte.write(m.pte(vma, 0))).isFalse();
    assertThat(m.inserter.vmfInsertPageMkwrite(vma, vma.start, frame, true))
        .isEqualTo(VmFault.NOPAGE);
    assertThat(Pte.write(m.pte(vma, 0))).isTrue();
    assertThat(m.frames.refcount(frame)).isEqualTo(2);
    long other = m.frames.alloc();
    assertThat(m.inserter.vmfInsertPageMkwrite(vma, vma.start, other, true))
        .isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmfInsertPageMkwrite(vma, vma.end, other, true))
        .isEqualTo(VmFault.SIGBUS);
  }

  /** 508 pages up to a table's border and 92 behind it, eight at a time under one lock. */
  @Test
  void insertPagesInBatches() {
    boot(KernelProfile.of("v6.18.2"), "shared locked", "page");
    Vma large = m.vma(SHARED, 600);
    long[] pfns = new long[601];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = m.frames.alloc();
    }
    long[] before = m.kernel.meter.snapshot();
    assertThat(m.inserter.vmInsertPages(large, large.start, pfns, 1, 600)).isZero();
    assertThat(m.inserter.pagesLeft()).isZero();
    assertThat(m.kernel.meter.since(before, PageTable.PTE_LOCK)).isEqualTo(64 + 12);
    assertThat(m.kernel.meter.since(before, PageTable.PTE_SET)).isEqualTo(600);
    for (int i = 0; i < 600; i++) {
      assertThat(Pte.pfn(m.pte(large, i))).isEqualTo(pfns[i + 1]);
      assertThat(m.frames.refcount(pfns[i + 1])).isEqualTo(2);
      assertThat(m.frames.mapcount(pfns[i + 1])).isEqualTo(1);
    }
    assertThat(m.mm.fileRss).isEqualTo(600);
  }

  @ParameterizedTest
  @CsvSource({"10, free, EINVAL, 6", "3, old, EBUSY, 13", "0, anon, EINVAL, 16"})
  void insertPagesStopsAtTheFirstFailure(int bad, String why, String errno, int left) {
    boot(KernelProfile.of("v6.1.192"), "mixed", "page");
    Vma large = m.vma(SHARED | VmFlags.VM_MIXEDMAP, 16);
    long[] pfns = new long[16];
    for (int i = 0; i < pfns.length; i++) {
      pfns[i] = m.frames.alloc();
    }
    switch (why) {
      case "free" -> m.frames.put(pfns[bad]);
      case "anon" -> m.frames.set(pfns[bad], Frames.ANON);
      default -> m.mm.pageTable.set(large.start + ((long) bad << 12), Pte.of(5, Pte.PAGE_SHARED));
    }
    long result = m.inserter.vmInsertPages(large, large.start, pfns, 0, 16);
    assertThat(Errno.name(result)).isEqualTo(errno);
    assertThat(m.inserter.pagesLeft()).isEqualTo(left);
    assertThat(m.mm.fileRss).isEqualTo(bad);
  }

  @Test
  void insertPagesMustFitTheVma() {
    boot(KernelProfile.of("v6.1.192"), "mixed", "page");
    long[] pfns = {frame, frame, frame, frame};
    assertThat(m.inserter.vmInsertPages(vma, vma.start + 4096, pfns, 0, 4))
        .isEqualTo(-Errno.EFAULT);
    assertThat(m.inserter.vmInsertPages(vma, vma.start + 4096, pfns, 0, 3)).isZero();
    assertThat(m.frames.refcount(frame)).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    // pages in the array, pages of the VMA, vm_pgoff, vm_map_pages, vm_map_pages_zero
    "4, 4, 0, 0, 0",
    "5, 4, 1, 0, 0",
    "4, 4, 1, ENXIO, 0",
    "4, 2, 2, 0, 0",
    "4, 2, 3, ENXIO, 0",
    "4, 2, 4, ENXIO, 0",
    "1, 2, 0, ENXIO, ENXIO",
    "0, 1, 0, ENXIO, ENXIO",
  })
  void mapPages(int given, int pages, long pgoff, String fromPgoff, String fromZero) {
    for (boolean zero : new boolean[] {false, true}) {
      boot(KernelProfile.of("v6.1.192"), "mixed", "page");
      Vma whole = m.vma(SHARED | VmFlags.VM_MIXEDMAP, pages);
      whole.pgoff = pgoff;
      long[] pfns = new long[given];
      for (int i = 0; i < given; i++) {
        pfns[i] = m.frames.alloc();
      }
      long result =
          zero ? m.inserter.vmMapPagesZero(whole, pfns) : m.inserter.vmMapPages(whole, pfns);
      String expected = zero ? fromZero : fromPgoff;
      assertThat(result == 0 ? "0" : Errno.name(result)).isEqualTo(expected);
      for (int i = 0; i < pages && result == 0; i++) {
        assertThat(Pte.pfn(m.pte(whole, i))).isEqualTo(pfns[i + (zero ? 0 : (int) pgoff)]);
      }
      assertThat(m.kernel.meter.get(InsertEvents.VM_INSERT_PAGE))
          .isEqualTo(result == 0 ? pages : 0);
    }
  }

  /** Leaves of 2M and 1G; they are special only where the architecture can mark them. */
  @ParameterizedTest
  @CsvSource({
    // VMA,       level, 5.11, 6.1.192, 6.18
    "pfnmap,       2, NOPAGE, NOPAGE, NOPAGE special",
    "pfnmap,       3, NOPAGE, NOPAGE, NOPAGE special",
    "mixed,        2, NOPAGE, NOPAGE, NOPAGE special",
    "mixed cow,    2, NOPAGE, NOPAGE, NOPAGE special",
    "pfnmap cow,   2, BUG, BUG, BUG",
    "shared,       2, BUG, BUG, BUG",
    "pfnmap mixed, 2, BUG, BUG, BUG",
  })
  void hugeLeaves(String where, int level, String v511, String v61, String v618) {
    String[] expected = {v511, v61, v618};
    long size = PageTable.span(level);
    for (int i = 0; i < VERSIONS.length; i++) {
      boot(KernelProfile.of(VERSIONS[i]), where, "bar");
      long start = vma.start & -(1L << 30);
      vma.setRange(start, start + 2 * size);
      VmFault fault = new VmFault().begin(vma, vma.start + size + 0x5000, 0);
      long pfn = level == 2 ? BAR : 0x10_0000;
      String result;
      try {
        result = faultName(m.inserter.vmfInsertPfnHuge(fault, pfn, level, false));
        long leaf = m.mm.pageTable.get(vma.start + size);
        assertThat(m.mm.pageTable.levelAt(vma.start + size)).isEqualTo(level);
        assertThat(Pte.pfn(leaf, level)).isEqualTo(pfn);
        assertThat(leaf & (Pte.PCD | Pte.PWT | Pte.PAT_LARGE)).isEqualTo(Pte.PCD);
        result += Pte.special(leaf) ? " special" : "";
      } catch (KernelBug bug) {
        result = "BUG";
      }
      assertThat(result).as(VERSIONS[i]).isEqualTo(expected[i]);
    }
  }

  @Test
  void hugeLeafThatIsThereStaysUnlessAWriteFindsTheSameFrame() {
    boot(KernelProfile.of("v6.18.2"), "pfnmap", "bar");
    long start = vma.start & -(1L << 21);
    vma.setRange(start, start + (4L << 21));
    vma.pageProt = Pte.PAGE_READONLY;
    VmFault fault = new VmFault().begin(vma, vma.start, 0);
    m.inserter.vmfInsertPfnHuge(fault, BAR, 2, false);
    long first = m.mm.pageTable.get(vma.start);
    m.inserter.vmfInsertPfnHuge(fault, BAR + 512, 2, true);
    assertThat(m.mm.pageTable.get(vma.start)).isEqualTo(first);
    m.inserter.vmfInsertPfnHuge(fault, BAR, 2, false);
    assertThat(m.mm.pageTable.get(vma.start)).isEqualTo(first);
    m.inserter.vmfInsertPfnHuge(fault, BAR, 2, true);
    long written = m.mm.pageTable.get(vma.start);
    assertThat(Pte.write(written) && Pte.dirty(written)).isTrue();

    fault.begin(vma, vma.start + (1L << 21), 0);
    m.mm.pageTable.leafAlloc(vma.start + (1L << 21));
    assertThat(m.inserter.vmfInsertPfnHuge(fault, BAR, 2, false)).isEqualTo(VmFault.NOPAGE);
    assertThat(m.mm.pageTable.levelAt(vma.start + (1L << 21))).isZero();

    fault.begin(vma, vma.end, 0);
    assertThat(m.inserter.vmfInsertPfnHuge(fault, BAR, 2, false)).isEqualTo(VmFault.SIGBUS);
  }

  /** With L1TF, PROT_NONE entries may not name device memory that inverts into reach. */
  @Test
  void l1tf() {
    KernelProfile affected = KernelProfile.of("v6.1.192").with(PfnmapFeatures.X86_BUG_L1TF);
    long far = PfnModify.L1TF_PFN_LIMIT;
    boot(affected, "pfnmap", "bar");
    assertThat(m.inserter.vmfInsertPfnProt(vma, vma.start, far, Pte.PAGE_NONE))
        .isEqualTo(VmFault.SIGBUS);
    assertThat(m.inserter.vmfInsertPfnProt(vma, vma.start, far, Pte.PAGE_SHARED))
        .isEqualTo(VmFault.NOPAGE);
    assertThat(m.inserter.vmfInsertPfnProt(vma, vma.start + 4096, far - 1, Pte.PAGE_NONE))
        .isEqualTo(VmFault.NOPAGE);
    boot(affected, "mixed", "bar");
    assertThat(m.inserter.vmfInsertMixedProt(vma, vma.start, far, Pte.PAGE_NONE))
        .isEqualTo(VmFault.SIGBUS);
  }

  /** One kernel function, one count; a bug leaves nothing behind but its own count. */
  @Test
  void counts() {
    boot(KernelProfile.of("v6.1.192"), "pfnmap", "bar");
    m.inserter.vmfInsertPfn(vma, vma.start, BAR);
    m.inserter.vmfInsertPfnProt(vma, vma.start + 4096, BAR, vma.pageProt);
    assertThat(m.kernel.meter.get(InsertEvents.VMF_INSERT_PFN)).isEqualTo(1);
    assertThat(m.kernel.meter.get(InsertEvents.VMF_INSERT_PFN_PROT)).isEqualTo(2);
    assertThat(m.kernel.meter.get(InsertEvents.INSERT_PFN)).isEqualTo(2);
    assertThat(m.kernel.meter.get(InsertEvents.PTE)).isEqualTo(2);
    assertThat(m.kernel.meter.get(PageTable.PTE_LOCK)).isEqualTo(2);
  }

  /** Canary: forgetting the era of the BUG would be noticed. */
  @Test
  void canaryErasOfInsertMixedDiffer() {
    boot(
        KernelProfile.of("v6.18.2").without(InsertFeatures.INSERT_MIXED_REFUSES), "shared", "page");
    assertThatThrownBy(() -> m.inserter.vmfInsertMixed(vma, vma.start, frame))
        .isSameAs(InsertBugs.INSERT_MIXED_VMA);
  }

  private void boot(KernelProfile profile, String where, String what) {
    m = new SmallMachine(profile);
    long flags = where.contains("cow") || where.startsWith("private") ? PRIVATE : SHARED;
    if (where.contains("rofd")) {
      flags = VmFlags.VM_READ | VmFlags.VM_MAYREAD | VmFlags.VM_MAYEXEC | VmFlags.VM_MAYSHARE;
    }
    flags |= where.contains("pfnmap") ? VmFlags.VM_PFNMAP : 0;
    flags |= where.contains("mixed") ? VmFlags.VM_MIXEDMAP : 0;
    flags |= where.contains("io") ? VmFlags.VM_IO : 0;
    vma = m.vma(flags, 4);
    if (where.endsWith("locked")) {
      m.mm.writeLock();
    }
    frame =
        switch (what) {
          case "bar" -> BAR + 3;
          case "zero" -> m.frames.zeroPfn();
          case "free" -> 0x5000;
          default -> m.frames.alloc();
        };
    if (what.equals("anon")) {
      m.frames.set(frame, Frames.ANON);
    } else if (what.equals("slab")) {
      m.frames.set(frame, Frames.SLAB_OR_TYPED);
    }
  }

  private String call(String call, long address) {
    try {
      return switch (call) {
        case "vm_insert_page" -> {
          long result = m.inserter.vmInsertPage(vma, address, frame);
          yield result == 0 ? "0" : Errno.name(result);
        }
        case "vmf_insert_page" -> faultName(m.inserter.vmfInsertPage(vma, address, frame));
        case "vmf_insert_pfn" -> faultName(m.inserter.vmfInsertPfn(vma, address, frame));
        case "vmf_insert_mixed" -> faultName(m.inserter.vmfInsertMixed(vma, address, frame));
        default -> throw new IllegalArgumentException(call);
      };
    } catch (KernelBug bug) {
      return "BUG";
    }
  }

  private static String faultName(int code) {
    return switch (code) {
      case VmFault.NOPAGE -> "NOPAGE";
      case VmFault.SIGBUS -> "SIGBUS";
      case VmFault.OOM -> "OOM";
      default -> "0x" + Integer.toHexString(code);
    };
  }

  private String entry(long address, long old) {
    long pte = m.mm.pageTable.get(address);
    long rss = m.mm.fileRss + m.mm.shmemRss + m.mm.anonRss;
    if (pte == old) {
      assertThat(rss).isZero();
      return old == 0 ? "none" : "old";
    }
    if (pte == 0) {
      assertThat(rss).isZero();
      return "none";
    }
    assertThat(Pte.pfn(pte)).isEqualTo(frame);
    if (Pte.special(pte)) {
      assertThat(rss).isZero();
      return frame == m.frames.zeroPfn() ? "zero-special" : "special";
    }
    if (rss == 0) {
      return "plain";
    }
    assertThat(rss).isEqualTo(1);
    assertThat(m.frames.mapcount(frame)).isEqualTo(1);
    assertThat(m.frames.refcount(frame)).isEqualTo(2);
    return "counted";
  }
}
