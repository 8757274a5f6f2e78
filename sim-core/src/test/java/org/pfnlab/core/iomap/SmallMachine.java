package org.pfnlab.core.iomap;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.pfnlab.core.insert.ApplyToPageRange;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.insert.RemapPfn;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.TablePool;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.Mtrr;
import org.pfnlab.core.pat.RamPageTypes;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;
import org.pfnlab.core.rmap.Zap;

/**
 * As much of a machine as inserting page-table entries takes, with the resource tree of a recorded
 * one: 1 GiB of RAM with a hole in it, and a BAR of 64 MiB. Drives VMAs as the system calls would,
 * without them.
 */
public final class SmallMachine {
  /** First frame of the BAR, which is 16384 pages long. */
  public static final long BAR = 0xf8000;

  /** A frame inside the hole of RAM: no resource, but below the end of memory. */
  public static final long HOLE = 0x3c000;

  /** Address of the first VMA that {@link #vma} makes. */
  public static final long START = 0x7f00_0000_0000L;

  /** Shared, readable and writable: what a driver's mmap gets. */
  public static final long SHARED =
      VmFlags.VM_READ | VmFlags.VM_WRITE | VmFlags.VM_SHARED | VmFlags.VM_MAY_ALL;

  /** Private, readable and writable: a COW mapping. */
  public static final long PRIVATE = VmFlags.VM_READ | VmFlags.VM_WRITE | VmFlags.VM_MAY_ALL;

  public final Kernel kernel;
  public final ResourceTree iomem;
  public final Frames frames;
  public final Memtypes memtypes;
  public final NormalPage normalPage;
  public final PfnmapTracking tracking;
  public final PageRmap rmap;
  public final Zap zap;
  public final PteInserter inserter;
  public final RemapPfn remap;
  public final ApplyToPageRange apply;
  public final IoRemap ioRemap;
  public final Mm mm;
  private final TablePool pool = new TablePool();

  public SmallMachine(String version) {
    this(KernelProfile.of(version));
  }

  public SmallMachine(KernelProfile profile, Policy... policies) {
    kernel = new Kernel(profile);
    kernel.comm = "oracle";
    for (Policy policy : policies) {
      policy.install(kernel.hooks(), kernel);
    }
    iomem = IomemText.parse(kernel, resource("iomem-qemu.txt"));
    frames = new Frames(kernel, ram());
    memtypes =
        new Memtypes(kernel, iomem, mtrr(), new FramePageTypes(), (frames.maxPfn() << 12) - 1);
    memtypes.setComm(kernel.comm);
    normalPage = new NormalPage(kernel, frames);
    tracking = new PfnmapTracking(kernel, normalPage, memtypes);
    rmap = new PageRmap(kernel, frames);
    zap =
        new Zap(kernel, frames, normalPage, tracking, rmap, new HugeAnon(frames, normalPage, rmap));
    inserter = new PteInserter(kernel, frames, tracking, rmap);
    remap = new RemapPfn(kernel, frames, tracking, zap);
    apply = new ApplyToPageRange(kernel);
    ioRemap = new IoRemap(kernel, iomem, frames, memtypes);
    mm = newMm();
  }

  private long[] ram() {
    List<Long> ranges = new ArrayList<>();
    for (int i = 0; i < iomem.size(); i++) {
      if ("System RAM".equals(iomem.name(i))) {
        ranges.add(iomem.start(i));
        ranges.add(iomem.end(i) + 1);
      }
    }
    return ranges.stream().mapToLong(Long::longValue).toArray();
  }

  /** The default type is WB, and everything above 2 GiB is uncached. */
  private static Mtrr mtrr() {
    return Mtrr.parse("reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable\n");
  }

  private final class FramePageTypes implements RamPageTypes {
    @Override
    public int type(long pfn) {
      return frames.memtype(pfn);
    }

    @Override
    public void set(long pfn, int type) {
      frames.setMemtype(pfn, type);
    }
  }

  private static String resource(String name) {
    try (InputStream in = SmallMachine.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An empty address space. */
  public Mm newMm() {
    return new Mm(kernel.meter, new PageTable(kernel, pool));
  }

  /** A driver's VMA behind those that are there, with vm_pgoff 0. */
  public Vma vma(long flags, long pages) {
    long start = behind(mm);
    Vma vma = new Vma(mm, start, start + (pages << 12), 0, flags);
    vma.ops = VmOps.DUMMY;
    mm.vmas.insert(vma);
    return vma;
  }

  private static long behind(Mm mm) {
    return mm.vmas.size() == 0 ? START : mm.vmas.get(mm.vmas.size() - 1).end + (16L << 21);
  }

  /** remap_pfn_range over the whole VMA, as a driver's mmap does it. */
  public long remapWhole(Vma vma, long pfn, long cacheBits) {
    vma.pageProt = Pte.withCacheBits(vma.pageProt, cacheBits);
    return remap.remapPfnRange(vma, vma.start, pfn, vma.end - vma.start, vma.pageProt);
  }

  /** __split_vma: the VMA keeps what lies below the page, the rest is returned. */
  public Vma split(Vma vma, long page) {
    Vma upper = vma.duplicate(vma.mm);
    tracking.dup(upper);
    upper.setRange(vma.start + (page << 12), vma.end);
    upper.pgoff = vma.pgoff + page;
    vma.setRange(vma.start, upper.start);
    vma.mm.vmas.insert(upper);
    return upper;
  }

  /** munmap of a whole VMA. */
  public void unmap(Vma vma) {
    zap.unmapSingleVma(vma, vma.start, vma.end);
    vma.mm.vmas.remove(vma);
    tracking.release(vma);
  }

  /** munmap of pages [from, to) of a VMA, which is split for it; returns the pieces left. */
  public List<Vma> unmap(Vma vma, long from, long to) {
    List<Vma> left = new ArrayList<>();
    long pages = vma.pages();
    Vma piece = vma;
    if (from > 0) {
      left.add(piece);
      piece = split(piece, from);
    }
    if (to < pages) {
      left.add(split(piece, to - from));
    }
    unmap(piece);
    return left;
  }

  /** mremap of pages [from, to) to another place; returns the new VMA. */
  public Vma move(Vma vma, long from, long to) {
    Vma moved = vma.duplicate(vma.mm);
    tracking.dup(moved);
    long start = behind(vma.mm);
    moved.setRange(start, start + ((to - from) << 12));
    moved.pgoff = vma.pgoff + from;
    vma.mm.vmas.insert(moved);
    vma.mm.pageTable.moveEntries(vma.start + (from << 12), moved.start, (to - from) << 12);
    tracking.untrackMoved(vma);
    unmap(vma, from, to);
    return moved;
  }

  /** fork of one VMA: the child's, or null if it failed. */
  public Vma fork(Vma parent) {
    Vma child = parent.duplicate(newMm());
    child.anonVma = null;
    tracking.dup(child);
    child.mm.vmas.insert(child);
    if (tracking.trackCopy(child, parent) != 0) {
      unmap(child);
      return null;
    }
    for (long a = parent.start; a < parent.end; a += 4096) {
      long pte = parent.mm.pageTable.get(a);
      long pfn = pte == 0 ? -1 : normalPage.of(parent, a, pte);
      if (pfn >= 0) {
        frames.get(pfn);
        rmap.duplicate(child, pfn);
      }
      if (pte != 0) {
        child.mm.pageTable.set(a, Pte.mkOld(pte));
      }
    }
    return child;
  }

  /** Revocation through the file, even_cows. */
  public void revoke(Vma vma) {
    zap.zapVmaPtes(vma, vma.start, vma.end - vma.start);
  }

  /**
   * A store to a private raw page: an anonymous copy with the VMA's protection takes its place,
   * from the large piece of RAM that the recorded copies came from.
   */
  public long copyOnWrite(Vma vma, long page) {
    new AnonRmap(kernel).prepare(vma);
    long address = vma.start + (page << 12);
    long pfn = frames.alloc(0, Zone.DMA);
    rmap.addNewAnon(vma, pfn, address);
    vma.mm.pageTable.set(address, Pte.mkDirty(Pte.of(pfn, vma.pageProt)) | Pte.RW);
    return pfn;
  }

  /** The entry of a page of a VMA. */
  public long pte(Vma vma, long page) {
    return vma.mm.pageTable.get(vma.start + (page << 12));
  }
}
