package org.pfnlab.core.machine;

import static org.pfnlab.core.machine.FeatureWorld.AT;
import static org.pfnlab.core.machine.FeatureWorld.PRIVATE;
import static org.pfnlab.core.machine.FeatureWorld.R;
import static org.pfnlab.core.machine.FeatureWorld.RW;
import static org.pfnlab.core.machine.FeatureWorld.SHARED;
import static org.pfnlab.core.machine.FeatureWorld.word;
import static org.pfnlab.core.vma.Mremap.MREMAP_DONTUNMAP;
import static org.pfnlab.core.vma.Mremap.MREMAP_FIXED;
import static org.pfnlab.core.vma.Mremap.MREMAP_MAYMOVE;

import java.util.stream.Stream;
import org.pfnlab.core.machine.FeatureTableTest.Row;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.Fork;
import org.pfnlab.core.vma.GuardRegions;
import org.pfnlab.core.vma.Madvise;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.core.vma.MovePages;
import org.pfnlab.core.vma.Mprotect;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.core.vma.Mseal;
import org.pfnlab.core.vma.PageAdvice;
import org.pfnlab.core.vma.Populate;
import org.pfnlab.core.vma.Userfaultfd;
import org.pfnlab.core.vma.VmaMerge;

/** Rows about mmap, mremap, mprotect, madvise, fork and merging. */
final class VmaFeatures {
  private static final int MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

  private VmaFeatures() {}

  static Stream<Row> rows() {
    return Stream.concat(Stream.concat(advice(), moving()), merging());
  }

  private static Stream<Row> advice() {
    return Stream.of(
        new Row(
            Madvise.MADVISE_UNDER_VMA_LOCK,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return w.count(Madvise.VMA_LOCK, () -> w.advise(0, 1, Advice.MADV_DONTNEED));
            }),
        new Row(
            Madvise.MADV_COLLAPSES,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 512, RW, PRIVATE);
              w.store(0);
              return w.advise(0, 512, Advice.MADV_COLLAPSE);
            }),
        new Row(
            Madvise.MADV_DONTNEED_OF_LOCKED,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return w.advise(0, 1, Advice.MADV_DONTNEED_LOCKED);
            }),
        new Row(
            Madvise.MADV_POPULATE,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return w.advise(0, 1, Advice.MADV_POPULATE_READ);
            }),
        new Row(
            Madvise.MADV_POPULATE_ENDS_AT_HOLE,
            "v6.18.2",
            "false",
            "true",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.anon(2, 1, RW, PRIVATE);
              w.advise(0, 3, Advice.MADV_POPULATE_READ);
              return Pte.present(w.pte(2));
            }),
        new Row(
            MovePages.MOVE_PAGES_WALKS_FOLIOS,
            "v6.18.2",
            "ENOENT",
            "EFAULT",
            w -> {
              w.open(SpecialKind.X, 1, RW, SHARED);
              w.load(0);
              return where(w);
            }),
        new Row(
            MovePages.FOLLOW_PAGE_SKIPS_PROTNONE,
            "v6.1.192",
            "ENOENT",
            "ok",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              w.protect(0, 1, 0);
              return where(w);
            }),
        new Row(
            PageAdvice.PT_RECLAIM,
            "v6.18.2",
            "true",
            "false",
            w -> {
              w.anon(0, 512, RW, PRIVATE);
              w.store(0);
              w.advise(0, 512, Advice.MADV_DONTNEED);
              return w.process.mm.pageTable.table(AT, 1) == null;
            }),
        new Row(
            GuardRegions.GUARD_REGIONS,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return w.advise(0, 1, Advice.MADV_GUARD_INSTALL);
            }),
        new Row(
            GuardRegions.GUARD_REGIONS_IN_FILES,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, SHARED);
              return w.advise(0, 1, Advice.MADV_GUARD_INSTALL);
            }),
        new Row(
            KnownFeatures.named("MADV_REMOVE_ASKS_MAYWRITE"),
            "v6.18.2",
            "ok",
            "EACCES",
            w -> {
              w.anon(0, 1, R, SHARED);
              return w.advise(0, 1, Advice.MADV_REMOVE);
            }),
        new Row(
            Userfaultfd.UFFD_MINOR,
            "v6.1.192",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, SHARED);
              return word(w.calls.userfaultfdRegister(w.process, AT, 4096, 4, false));
            }),
        new Row(
            Userfaultfd.UFFD_WP_SHMEM,
            "v6.1.192",
            "ok",
            "EINVAL",
            w -> {
              w.anon(0, 1, RW, SHARED);
              return word(w.calls.userfaultfdRegister(w.process, AT, 4096, 2, false));
            }),
        new Row(
            Userfaultfd.UFFD_WP_ASYNC,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              return word(w.calls.userfaultfdRegister(w.process, AT, 4096, 2, true));
            }),
        new Row(
            Populate.POPULATE_SKIPS_ONFAULT,
            "v6.1.192",
            "ok",
            "ENOMEM",
            w -> {
              w.anon(0, 1, 0, PRIVATE);
              return word(w.calls.mlock2(w.process, AT, 4096, 1));
            }),
        new Row(
            Mprotect.UNFAULTED_UNACCOUNTED,
            "v6.18.2",
            "rd mr mw me",
            "rd mr mw me ac",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.protect(0, 1, R);
              return w.letters(0);
            }),
        new Row(
            Mprotect.MPROTECT_BATCHES,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              return w.count(NormalPage.ASKED, () -> w.protect(0, 1, R));
            }),
        new Row(
            Mmap.MAP_DROPPABLE_TYPE,
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> w.anon(0, 1, RW, MapFlags.MAP_DROPPABLE)),
        new Row(
            Mseal.MSEAL,
            "v6.18.2",
            "ok",
            "ENOSYS",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return word(w.calls.mseal(w.process, AT, 4096, 0));
            }),
        new Row(
            Fork.FORK_OPENS_FIRST,
            "v6.18.2",
            "empty",
            "filled",
            w -> {
              Opened opened = new Opened();
              w.raw(opened);
              w.fork();
              return opened.seen;
            }),
        new Row(
            Fork.FORK_COPIES_SPECIAL_PMD,
            "v6.18.2",
            "2",
            "0",
            w -> {
              w.open(SpecialKind.G, 512, RW, SHARED);
              w.advise(0, 512, Advice.MADV_HUGEPAGE);
              w.load(0);
              return w.fork().mm.pageTable.levelAt(AT);
            }));
  }

  private static Stream<Row> moving() {
    return Stream.of(
        new Row(
            Mremap.MREMAP_LOOKS_UP_FIRST,
            "v6.1.192",
            "EFAULT",
            "EINVAL",
            w -> word(w.calls.mremap(w.process, AT, 4096, 4096, MOVE, AT + 1))),
        new Row(
            Mremap.MREMAP_CHECKS_FIRST,
            "v6.18.2",
            "AA..B",
            "AA",
            w -> {
              w.anon(0, 2, RW, PRIVATE);
              w.anon(4, 1, R, PRIVATE);
              w.move(0, 0, 1, MOVE, 4);
              return w.picture();
            }),
        new Row(
            Mremap.MREMAP_MOVES_SEVERAL,
            "v6.18.2",
            "ok",
            "EFAULT",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.anon(1, 1, R, PRIVATE);
              return w.move(0, 2, 2, MOVE, 4);
            }),
        new Row(
            KnownFeatures.named("DONTUNMAP_ANY_VMA"),
            "v6.18.2",
            "ok",
            "EINVAL",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              return w.move(0, 1, 1, MOVE | MREMAP_DONTUNMAP, 4);
            }),
        new Row(
            KnownFeatures.named("MREMAP_GROWS_BY_MERGE"),
            "v6.1.192",
            "ENOMEM",
            "ok",
            w -> {
              w.open(SpecialKind.M, 1, RW, SHARED);
              return w.move(0, 1, 2, 0, 0);
            }),
        new Row(
            KnownFeatures.named("MREMAP_GROWS_DESPITE_CLOSE"),
            "v6.1.192",
            "ok",
            "ENOMEM",
            w -> {
              w.open(SpecialKind.C, 1, RW, SHARED);
              return w.move(0, 1, 2, 0, 0);
            }));
  }

  private static Stream<Row> merging() {
    return Stream.of(
        new Row(
            KnownFeatures.named("BRK_GROWS_HEAP_ONLY"),
            "v6.18.2",
            "AB",
            "AA",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.process.mm.startBrk = FeatureWorld.at(1);
              w.process.mm.brk = FeatureWorld.at(1);
              w.calls.brk(w.process, FeatureWorld.at(2));
              return w.picture();
            }),
        new Row(
            Mmap.STACK_WITHOUT_HUGE_PAGES,
            "v6.18.2",
            "rd wr mr mw me ac nh",
            "rd wr mr mw me ac",
            w -> {
              w.anon(0, 1, RW, PRIVATE | MapFlags.MAP_STACK);
              return w.letters(0);
            }),
        new Row(
            KnownFeatures.named("GAPS_FOUND_WITHOUT_GUARD"),
            "v6.18.2",
            "261",
            "16",
            w -> {
              // A stack, ten pages that its guard covers, a page, and then room.
              int flags = PRIVATE | MapFlags.MAP_ANONYMOUS;
              int stack = flags | MapFlags.MAP_GROWSDOWN | MapFlags.MAP_FIXED;
              int fixed = flags | MapFlags.MAP_FIXED;
              long top = Mm.MMAP_BASE;
              w.calls.mmap(w.process, top - 4096, 4096, RW, stack, null, 0);
              w.calls.mmap(w.process, top - (12 << 12), 4096, RW, fixed, null, 0);
              return (top - w.calls.mmap(w.process, 0, 4 << 12, RW, flags, null, 0)) >>> 12;
            }),
        new Row(
            KnownFeatures.named("ANON_PLACED_FOR_HUGE_PAGES"),
            "v6.18.2",
            "true",
            "false",
            w -> {
              int flags = PRIVATE | MapFlags.MAP_ANONYMOUS;
              w.calls.mmap(w.process, 0, 4096, R, flags, null, 0);
              long placed = w.calls.mmap(w.process, 0, 2 << 20, RW, flags, null, 0);
              return placed % (2 << 20) == 0;
            }),
        new Row(
            VmaMerge.MERGE_FAULTED_INTO_UNFAULTED,
            "v6.18.2",
            "AA",
            "AB",
            w -> {
              w.anon(0, 1, R, PRIVATE | MapFlags.MAP_NORESERVE);
              w.anon(1, 1, RW, PRIVATE | MapFlags.MAP_NORESERVE);
              w.store(1);
              w.protect(1, 1, R);
              return w.picture();
            }),
        new Row(
            VmaMerge.MERGE_KEEPS_CLOSE,
            "v6.18.2",
            "AAAB",
            "AABC",
            w -> {
              w.open(SpecialKind.C, 4, RW, SHARED);
              w.protect(2, 2, R);
              w.protect(2, 1, RW);
              return w.picture();
            }),
        new Row(
            VmaMerge.STICKY_FLAGS,
            "v6.18.44",
            "rd wr mr mw me gu ac",
            "rd wr mr mw me ac",
            w -> {
              w.anon(0, 2, RW, PRIVATE);
              w.advise(0, 1, Advice.MADV_GUARD_INSTALL);
              return w.letters(1);
            }));
  }

  /** What move_pages says about page 0 when it is only asked. */
  private static String where(FeatureWorld w) {
    int[] status = new int[1];
    w.calls.movePages(w.process, new long[] {AT}, null, status, 0);
    return word(status[0]);
  }

  /** Looks at the child's page tables when fork calls open. */
  private static final class Opened extends VmOps {
    private String seen = "";

    @Override
    public void open(Vma vma) {
      seen = Pte.present(vma.mm.pageTable.get(vma.start)) ? "filled" : "empty";
    }
  }
}
