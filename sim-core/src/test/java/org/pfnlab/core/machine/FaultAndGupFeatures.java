package org.pfnlab.core.machine;

import static org.pfnlab.core.gup.GupFlags.FOLL_FAST_ONLY;
import static org.pfnlab.core.gup.GupFlags.FOLL_FORCE;
import static org.pfnlab.core.gup.GupFlags.FOLL_GET;
import static org.pfnlab.core.gup.GupFlags.FOLL_LONGTERM;
import static org.pfnlab.core.gup.GupFlags.FOLL_PIN;
import static org.pfnlab.core.gup.GupFlags.FOLL_WRITE;
import static org.pfnlab.core.machine.FeatureWorld.AT;
import static org.pfnlab.core.machine.FeatureWorld.PRIVATE;
import static org.pfnlab.core.machine.FeatureWorld.R;
import static org.pfnlab.core.machine.FeatureWorld.RW;
import static org.pfnlab.core.machine.FeatureWorld.SHARED;

import java.util.stream.Stream;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.fault.HugeFaults;
import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.gup.FollowPage;
import org.pfnlab.core.gup.FollowPfn;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.gup.Unshare;
import org.pfnlab.core.gup.VmaCheck;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.machine.FeatureTableTest.Row;
import org.pfnlab.core.mm.VmFault;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;

/** Rows about architectures, faults and get_user_pages. */
final class FaultAndGupFeatures {
  private static final int LONGTERM_PIN = FOLL_PIN | FOLL_LONGTERM;

  private FaultAndGupFeatures() {}

  static Stream<Row> rows() {
    return Stream.concat(Stream.concat(architectures(), faults()), gup());
  }

  private static Stream<Row> architectures() {
    return Stream.of(
        new Row(
            Arch.ARCH_HAS_PTE_SPECIAL,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              return w.machine
                  .gupFast()
                  .get(w.process.mm, AT, 1, FOLL_GET | FOLL_FAST_ONLY, new long[1]);
            }),
        new Row(
            Arch.HAVE_GUP_FAST,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              return w.count(
                  GupFast.WALKED,
                  () -> w.machine.gupFast().get(w.process.mm, AT, 1, FOLL_GET, new long[1]));
            }),
        new Row(
            Arch.X86_PAT,
            "v6.1.192",
            "1",
            "0",
            w -> {
              w.open(SpecialKind.P, 1, RW, SHARED);
              return w.machine.memtypes().count();
            }),
        new Row(
            Arch.HAVE_IOREMAP_PROT,
            "v6.18.2",
            "1",
            "EIO",
            w -> {
              w.raw(new Reachable());
              return FeatureWorld.word(w.machine.procMem().read(w.process.mm, AT, new byte[1], 1));
            }),
        new Row(
            Arch.ARCH_SUPPORTS_HUGE_PFNMAP,
            "v6.18.2",
            "2 true",
            "2 false",
            w -> {
              w.open(SpecialKind.G, 512, RW, SHARED);
              w.advise(0, 512, Advice.MADV_HUGEPAGE);
              w.load(0);
              return w.level(0) + " " + Pte.special(w.pte(0));
            }),
        new Row(
            Arch.X86_SAVED_DIRTY,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              w.protect(0, 1, R);
              return w.pte(0) >>> 58 & 1;
            }));
  }

  private static Stream<Row> faults() {
    return Stream.of(
        new Row(
            HugeFaults.THP_ALWAYS,
            "v6.18.2",
            "2",
            "1",
            w -> {
              w.anon(0, 1024, RW, PRIVATE);
              w.store(0);
              return w.level(0);
            }),
        new Row(
            HugeFaults.HUGE_ZERO_WP_ALLOCATES,
            "v6.18.2",
            "2",
            "1",
            w -> {
              w.anon(0, 1024, RW, PRIVATE);
              w.advise(0, 1024, Advice.MADV_HUGEPAGE);
              w.load(0);
              w.store(0);
              return w.level(0);
            }),
        new Row(
            HugeFaults.HUGE_FAULT_REFUSES_SPECIAL,
            "v6.1.192",
            "1",
            "2",
            w -> {
              w.open(SpecialKind.G, 512, RW, SHARED);
              w.advise(0, 512, Advice.MADV_HUGEPAGE);
              w.load(0);
              return w.level(0);
            }),
        new Row(
            WriteProtect.PAGE_ANON_EXCLUSIVE,
            "v6.1.192",
            "reused",
            "copied",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              long pfn = w.pfn(0);
              w.gup(FOLL_GET);
              w.protect(0, 1, R);
              w.protect(0, 1, RW);
              w.store(0);
              w.machine.frames().put(pfn);
              return w.pfn(0) == pfn ? "reused" : "copied";
            }),
        new Row(
            WriteProtect.WP_PFN_SHARED_BY_MAYSHARE,
            "v5.11",
            "0",
            "1",
            w -> {
              w.open(SpecialKind.P, 1, R, SHARED);
              w.fault(VmFault.FLAG_WRITE);
              return w.process.mm.anonRss;
            }),
        new Row(
            WriteProtect.UNSHARE_COPIES_ANYTHING,
            "v6.1.192",
            "1",
            "0",
            w -> {
              w.anon(0, 1, R, PRIVATE);
              w.load(0);
              w.fault(VmFault.FLAG_UNSHARE);
              return w.process.mm.anonRss;
            }),
        new Row(
            WriteProtect.VM_FAULT_WRITE,
            "v5.11",
            "8",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.load(0);
              return w.fault(VmFault.FLAG_WRITE);
            }),
        new Row(
            WriteProtect.WP_COPY_TELLS_FAILURE,
            "v6.18.2",
            "WARNING: in __wp_page_copy_user",
            "WARNING: in wp_page_copy",
            w -> {
              w.open(SpecialKind.X, 1, R, PRIVATE);
              w.machine.enter(w.machine.newProcess());
              w.machine.procMem().write(w.process.mm, AT, new byte[1], 1);
              return w.machine.kernel().log().lines().get(0).replaceAll("^([^:]*:[^:]*):.*", "$1");
            }),
        new Row(
            FaultHandler.FAULT_FLAGS_SANITIZED,
            "v6.1.192",
            "40",
            "0",
            w -> {
              w.anon(0, 1, R, SHARED);
              return w.fault(VmFault.FLAG_WRITE);
            }),
        new Row(
            FaultHandler.PER_VMA_LOCK,
            "v6.18.2",
            "2",
            "1",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              return w.count(FaultHandler.HANDLE_MM_FAULT, () -> w.load(0));
            }),
        new Row(
            KnownFeatures.named("VM_FAULT_COMPLETED"),
            "v6.1.192",
            "1",
            "2",
            w -> {
              w.file(0, 1, RW, SHARED, w.machine.files().regular("f", 4096));
              return w.count(FaultHandler.HANDLE_MM_FAULT, () -> w.store(0));
            }),
        new Row(
            FaultHandler.READ_FAULT_MAPS_DIRTY,
            "v6.18.2",
            "true",
            "false",
            w -> {
              w.open(SpecialKind.H, 1, RW, SHARED);
              w.store(0);
              w.advise(0, 1, Advice.MADV_DONTNEED);
              w.load(0);
              return Pte.dirty(w.pte(0));
            }));
  }

  private static Stream<Row> gup() {
    return Stream.of(
        new Row(
            Unshare.PIN_UNSHARES_ANON,
            "v6.1.192",
            "copied",
            "shared",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              long pfn = w.pfn(0);
              w.fork();
              w.gup(FOLL_PIN);
              return w.pfn(0) == pfn ? "shared" : "copied";
            }),
        new Row(
            Unshare.LONGTERM_PIN_UNSHARES_FILE,
            "v6.18.2",
            "1",
            "0",
            w -> {
              w.file(0, 1, R, PRIVATE, w.machine.files().memfd("m", 4096));
              w.load(0);
              w.gup(LONGTERM_PIN);
              return w.process.mm.anonRss;
            }),
        new Row(
            GupSlow.GUP_LEAVES_STACK,
            "v6.18.2",
            "EFAULT",
            "1",
            w -> {
              w.anon(1, 1, RW, PRIVATE | MapFlags.MAP_GROWSDOWN);
              return w.gup(FOLL_GET | FOLL_WRITE);
            }),
        new Row(
            GupSlow.LONGTERM_NEEDS_PIN,
            "v6.1.192",
            "EINVAL",
            "1",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              return w.gup(FOLL_GET | FOLL_LONGTERM);
            }),
        new Row(
            GupSlow.LONGTERM_INSISTS_ON_MIGRATION,
            "v6.1.192",
            "KernelHang",
            "1",
            w -> {
              w.open(SpecialKind.M, 1, RW, SHARED);
              w.machine.frames().set(w.pfn(0), Frames.CMA);
              return w.gup(LONGTERM_PIN);
            }),
        new Row(
            Pins.ZERO_PAGE_NOT_PINNED,
            "v6.18.2",
            "0",
            "1024",
            w -> {
              w.anon(0, 1, R, PRIVATE);
              w.load(0);
              int before = w.machine.frames().refcount(w.pfn(0));
              w.gup(FOLL_PIN);
              return w.machine.frames().refcount(w.pfn(0)) - before;
            }),
        new Row(
            FollowPfn.FOLLOW_PFNMAP,
            "v6.18.2",
            "f8001",
            "EINVAL",
            w -> {
              w.open(SpecialKind.G, 512, RW, SHARED);
              w.advise(0, 512, Advice.MADV_HUGEPAGE);
              w.load(0);
              long got = new FollowPfn(w.machine.kernel()).follow(w.vma(1), FeatureWorld.at(1));
              return got < 0 ? FeatureWorld.word(got) : Long.toHexString(got);
            }),
        new Row(
            GupFast.GUP_FAST_EOVERFLOW,
            "v6.18.2",
            "EOVERFLOW",
            "ok",
            w ->
                FeatureWorld.word(
                    w.machine.gupFast().get(w.process.mm, -4096, 2, FOLL_GET, new long[2]))),
        new Row(
            GupFast.GUP_FAST_NEEDS_MAPPING,
            "v6.18.44",
            "0",
            "1",
            w -> {
              w.open(SpecialKind.M, 1, RW, SHARED);
              return w.machine
                  .gupFast()
                  .get(w.process.mm, AT, 1, FOLL_GET | FOLL_FAST_ONLY, new long[1]);
            }),
        new Row(
            VmaCheck.GUP_REFUSES_SECRETMEM,
            "v6.1.192",
            "EFAULT",
            "1",
            w -> {
              w.file(0, 1, RW, SHARED, w.machine.files().secret("s", 4096));
              return w.gup(FOLL_GET);
            }),
        new Row(
            VmaCheck.LONGTERM_REFUSES_FILE_BACKED,
            "v6.18.2",
            "EFAULT",
            "1",
            w -> {
              w.file(0, 1, RW, SHARED, w.machine.files().regular("f", 4096));
              return w.gup(LONGTERM_PIN | FOLL_WRITE);
            }),
        new Row(
            FollowPage.GUP_FOLL_COW,
            "v5.11",
            "1",
            "0",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              w.protect(0, 1, R);
              return w.count(GupSlow.FAULTED_IN, () -> w.gup(FOLL_GET | FOLL_WRITE | FOLL_FORCE));
            }),
        new Row(
            FollowPage.GUP_RETURNS_EEXIST,
            "v6.1.192",
            "EEXIST",
            "EFAULT",
            w -> {
              w.open(SpecialKind.X, 1, RW, SHARED);
              w.load(0);
              return w.gup(FOLL_GET);
            }),
        new Row(
            FollowPage.GUP_FOLLOWS_PROTNONE,
            "v6.18.2",
            "1",
            "KernelHang",
            w -> {
              w.anon(0, 1, RW, PRIVATE);
              w.store(0);
              w.process.mm.pageTable.set(AT, Pte.modify(w.pte(0), Pte.PAGE_NONE));
              return w.gup(FOLL_GET);
            }));
  }

  /** A driver that lets debuggers read. */
  private static final class Reachable extends VmOps {
    @Override
    public boolean hasAccess() {
      return true;
    }

    @Override
    public int access(Vma vma, long address, byte[] buffer, int offset, int length, boolean write) {
      return length;
    }
  }
}
