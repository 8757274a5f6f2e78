package org.pfnlab.core.machine;

import static org.pfnlab.core.machine.FeatureWorld.AT;
import static org.pfnlab.core.machine.FeatureWorld.PRIVATE;
import static org.pfnlab.core.machine.FeatureWorld.R;
import static org.pfnlab.core.machine.FeatureWorld.RW;
import static org.pfnlab.core.machine.FeatureWorld.SHARED;
import static org.pfnlab.core.machine.FeatureWorld.at;
import static org.pfnlab.core.machine.FeatureWorld.word;

import java.util.stream.Stream;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.file.Vdso;
import org.pfnlab.core.insert.InsertFeatures;
import org.pfnlab.core.machine.FeatureTableTest.Row;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pfnmap.PfnModify;
import org.pfnlab.core.pfnmap.PfnmapFeatures;
import org.pfnlab.core.phys.LruBatches;
import org.pfnlab.core.rmap.Zap;
import org.pfnlab.core.task.BufferedIo;
import org.pfnlab.core.task.DirectIo;
import org.pfnlab.core.task.RegisteredBuffers;
import org.pfnlab.core.task.Smaps;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.core.vma.Advice;

/** Rows about raw frames, inserters, files and what system calls do with them. */
final class MemoryFeatures {
  private MemoryFeatures() {}

  static Stream<Row> rows() {
    return Stream.concat(Stream.concat(frames(), files()), tasks());
  }

  private static Stream<Row> frames() {
    return Stream.of(
        new Row(
            LruBatches.LRU_BATCHES,
            "v6.18.44",
            "2",
            "1",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              w.advise(0, 1, Advice.MADV_FREE);
              return w.machine.frames().refcount(w.pfn(0));
            }),
        new Row(
            PfnmapFeatures.VM_NORMAL_PAGE_COMMON,
            "v6.1.192-ARCH_HAS_PTE_SPECIAL",
            "none",
            "a page",
            w -> {
              w.open(SpecialKind.X, 1, RW, SHARED);
              long pte = Pte.of(w.machine.frames().zeroPfn(), w.vma(0).pageProt);
              return w.machine.normalPage().of(w.vma(0), AT, pte) < 0 ? "none" : "a page";
            }),
        new Row(
            PfnmapFeatures.PFNMAP_TRACK_CTX,
            "v6.18.2",
            "context",
            "ar",
            w -> {
              w.open(SpecialKind.P, 1, RW, SHARED);
              return w.vma(0).pfnmapTrackCtx != null
                  ? "context"
                  : w.letters(0).contains("ar") ? "ar" : "";
            }),
        new Row(
            PfnmapFeatures.PAT_PFN_FROM_PGOFF,
            "v6.1.192",
            "0",
            "1",
            w -> {
              w.open(SpecialKind.P, 2, RW, PRIVATE);
              w.store(0);
              w.calls.munmap(w.process, AT, 8192);
              return w.machine.memtypes().count();
            }),
        new Row(
            PfnmapFeatures.PAT_FORK_MARKS_LATE,
            "v6.1.192",
            "1",
            "0",
            w -> {
              w.open(SpecialKind.P, 2, RW, PRIVATE);
              w.store(0);
              w.calls.fork(w.process);
              return w.machine.memtypes().count();
            }),
        new Row(
            PfnmapFeatures.X86_BUG_L1TF,
            "v6.18.2",
            "2",
            "100",
            w -> {
              w.open(SpecialKind.G, 1, RW, SHARED);
              return Integer.toHexString(
                  w.machine
                      .inserter()
                      .vmfInsertPfnProt(w.vma(0), AT, PfnModify.L1TF_PFN_LIMIT, Pte.PAGE_NONE));
            }),
        new Row(
            InsertFeatures.INSERT_MIXED_REFUSES,
            "v6.18.2",
            "2",
            "KernelBug",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              return w.machine.inserter().vmfInsertMixed(w.vma(0), AT, 0xf8000);
            }),
        new Row(
            InsertFeatures.INSERT_ZERO_PAGE,
            "v6.18.2",
            "true",
            "false",
            w -> {
              w.open(SpecialKind.H, 1, RW, PRIVATE);
              w.process.mm.writeLock();
              w.machine.inserter().vmInsertPage(w.vma(0), AT, w.machine.frames().zeroPfn());
              w.process.mm.writeUnlock();
              return Pte.special(w.pte(0));
            }),
        new Row(
            InsertFeatures.REMAP_TRACKS_FIRST,
            "v6.1.192",
            "1",
            "0",
            w -> {
              w.open(SpecialKind.H, 2, RW, PRIVATE);
              Vma vma = w.vma(0);
              return w.count(
                  Memtypes.LOOKUP,
                  () -> w.machine.remapPfn().remapPfnRange(vma, AT, 0xf8000, 4096, vma.pageProt));
            }),
        new Row(
            InsertFeatures.REMAP_ZAPS_ON_ERROR,
            "v6.1.192+X86_BUG_L1TF",
            "false",
            "true",
            w -> {
              w.open(SpecialKind.H, 2, RW, SHARED);
              long pfn = PfnModify.L1TF_PFN_LIMIT - 1;
              w.machine.remapPfn().remapPfnRangeNotrack(w.vma(0), AT, pfn, 8192, Pte.PAGE_NONE);
              return Pte.present(w.pte(0));
            }),
        new Row(
            Zap.ZAP_SKIPS_ONLY_ANON,
            "v6.1.192",
            "false",
            "true",
            w -> {
              OpenFile file = w.open(SpecialKind.M, 1, RW, SHARED);
              w.machine.unmapMapping().range(file.mapping, 0, 0, false);
              return Pte.present(w.pte(0));
            }));
  }

  private static Stream<Row> files() {
    return Stream.of(
        new Row(
            Shmem.WRITE_SEAL_ALLOWS_READING,
            "v6.18.2",
            "ok",
            "EPERM",
            w -> {
              OpenFile file = w.machine.files().memfd("m", 4096);
              w.machine.files().addSeals(file, Shmem.F_SEAL_WRITE);
              return w.file(0, 1, R, SHARED, file);
            }),
        new Row(
            Shmem.SEALS_CHECKED_FIRST,
            "v6.18.2",
            "A",
            "",
            w -> {
              OpenFile file = w.machine.files().memfd("m", 4096);
              w.machine.files().addSeals(file, Shmem.F_SEAL_WRITE);
              w.anon(0, 1, RW, PRIVATE);
              w.file(0, 1, RW, SHARED, file);
              return w.picture();
            }),
        new Row(
            KnownFeatures.named("IO_URING_INSERTS_PAGES"),
            "v6.18.2",
            "rd wr sh mr mw ms de mm",
            "rd wr sh mr mw ms pf io de dd",
            w -> {
              OpenFile ring = w.machine.files().ioUring("r", 4);
              w.calls.mmap(w.process, 0, 4096, RW, SHARED, ring, 0);
              return VmFlags.letters(w.process.mm.vmas.get(0).flags, w.machine.kernel());
            }),
        new Row(
            KnownFeatures.named("IO_URING_CHOOSES_ADDRESS"),
            "v6.18.2",
            "EINVAL",
            "ok",
            w -> w.file(0, 1, RW, SHARED, w.machine.files().ioUring("r", 4))),
        new Row(
            Vdso.VDSO_DATASTORE,
            "v6.18.2",
            "0",
            "SIGBUS/BUS_ADRERR",
            w -> {
              w.machine.files().vdso().map(w.process.mm, AT);
              return w.load(2);
            }),
        new Row(
            VmFlags.SMAPS_LOCKONFAULT,
            "v6.18.2",
            "rd wr mr mw me lo lf ac",
            "rd wr mr mw me lo ?? ac",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.calls.mlock2(w.process, AT, 4096, 1);
              return w.letters(0);
            }));
  }

  private static Stream<Row> tasks() {
    return Stream.of(
        new Row(
            UserAccess.VMA_LOCK_FOR_FILES,
            "v6.18.2",
            "2",
            "1",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              return w.count(FaultHandler.HANDLE_MM_FAULT, () -> w.load(0));
            }),
        new Row(
            DirectIo.DIRECT_IO_PINS,
            "v6.18.2",
            "copied",
            "shared",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              long pfn = w.pfn(0);
              w.fork();
              w.machine.directIo().write(w.process.mm, AT, new byte[4096], 4096);
              return w.pfn(0) == pfn ? "shared" : "copied";
            }),
        new Row(
            RegisteredBuffers.URING_TAKES_SHMEM,
            "v6.1.192",
            "ok",
            "EOPNOTSUPP",
            w -> {
              w.anon(0, 1, RW, SHARED);
              return register(w, 1);
            }),
        new Row(
            RegisteredBuffers.URING_REFUSES_FILES,
            "v6.1.192",
            "EOPNOTSUPP",
            "ok",
            w -> {
              w.open(SpecialKind.M, 1, RW, SHARED);
              return register(w, 1);
            }),
        new Row(
            RegisteredBuffers.URING_PINS_FAST,
            "v6.18.2",
            "ok",
            "EFAULT",
            w -> {
              w.open(SpecialKind.P, 1, RW, PRIVATE);
              w.store(0);
              return register(w, 1);
            }),
        new Row(
            RegisteredBuffers.URING_REFUSES_MIXED_FILES,
            "v6.1.192",
            "EINVAL",
            "ok",
            w -> {
              w.file(0, 1, RW, SHARED, w.machine.files().memfd("a", 4096));
              w.file(1, 1, RW, SHARED, w.machine.files().memfd("b", 4096));
              return register(w, 2);
            }),
        new Row(
            BufferedIo.WRITE_FAULTS_IN_PARTLY,
            "v6.18.2",
            "3996",
            "EFAULT",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return word(
                  w.machine.bufferedIo().write(w.process.mm, AT + 100, new byte[8192], 8192));
            }),
        new Row(
            Smaps.SMAPS_WALKS_PFNMAP,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.open(SpecialKind.P, 1, RW, PRIVATE);
              w.store(0);
              return w.machine.smaps().of(w.vma(0)).anonymous();
            }));
  }

  private static String register(FeatureWorld w, long pages) {
    var buffers = w.machine.registeredBuffers();
    return word(buffers.register(w.process.mm, buffers.setup(), at(0), pages << 12));
  }
}
