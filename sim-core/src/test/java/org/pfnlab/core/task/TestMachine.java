package org.pfnlab.core.task;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.fault.HugeFaults;
import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.gup.ExpandStack;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupHooks;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Current;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmOps;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.TablePool;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.LruBatches;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;

/** The rooms up to task, wired by hand; VMAs are put together without mmap. */
public final class TestMachine {
  /** System RAM: 64 MiB from 1 MiB on. Everything above is device memory without struct pages. */
  public static final long RAM_END = 64L << 20;

  /** A frame without a struct page: sections of struct pages are 128 MiB. */
  public static final long DEVICE_PFN = 0xf8000;

  public final Kernel kernel;
  public final Frames frames;
  public final NormalPage normalPage;
  public final AnonRmap anonRmap;
  public final PageRmap rmap;
  public final FaultHandler faults;
  public final ExpandStack stack;
  public final Pins pins;
  public final GupSlow slow;
  public final GupFast fast;
  public final UserAccess access;
  private final TablePool tables = new TablePool();

  public TestMachine(String version) {
    this(KernelProfile.of(version));
  }

  public TestMachine(KernelProfile profile) {
    this(profile, null, null);
  }

  public TestMachine(
      KernelProfile profile,
      GupHooks.@Nullable SlowCheck slowCheck,
      GupHooks.@Nullable FastCheck fastCheck) {
    // Who counts references here counts those of processes and the kernel, not of passing batches.
    kernel = new Kernel(profile.without(LruBatches.LRU_BATCHES));
    if (slowCheck != null) {
      kernel.hooks().on(GupHooks.SLOW, slowCheck);
    }
    if (fastCheck != null) {
      kernel.hooks().on(GupHooks.FAST, fastCheck);
    }
    frames = new Frames(kernel, new long[] {1L << 20, RAM_END});
    normalPage = new NormalPage(kernel, frames);
    anonRmap = new AnonRmap(kernel);
    rmap = new PageRmap(kernel, frames);
    WriteProtect writeProtect =
        new WriteProtect(kernel, frames, normalPage, anonRmap, rmap, new Current());
    faults =
        new FaultHandler(
            kernel,
            frames,
            anonRmap,
            rmap,
            writeProtect,
            new HugeFaults(
                kernel,
                frames,
                normalPage,
                anonRmap,
                rmap,
                new HugeAnon(frames, normalPage, rmap)));
    stack = new ExpandStack(kernel, anonRmap);
    pins = new Pins(kernel, frames);
    slow = new GupSlow(kernel, frames, normalPage, faults, stack, pins);
    fast = new GupFast(kernel, frames, slow, pins);
    access = new UserAccess(kernel, frames, faults, stack);
  }

  /** An empty address space. */
  public Mm newMm() {
    return new Mm(kernel.meter, new PageTable(kernel, tables));
  }

  /**
   * Links a VMA with these flags; the VM_MAY* bits are all set, and pgoff is 0 or the address's.
   */
  public Vma map(
      Mm mm, long start, int pages, long flags, @Nullable VmOps ops, @Nullable OpenFile file) {
    long all = flags | VmFlags.VM_MAYREAD | VmFlags.VM_MAYWRITE | VmFlags.VM_MAYEXEC;
    return mapExactly(mm, start, pages, all, ops, file);
  }

  /** Links a VMA with exactly these flags. */
  public Vma mapExactly(
      Mm mm, long start, int pages, long flags, @Nullable VmOps ops, @Nullable OpenFile file) {
    long pgoff = ops == null ? start >>> 12 : 0;
    Vma vma = new Vma(mm, start, start + ((long) pages << 12), pgoff, flags);
    vma.ops = ops;
    vma.file = file;
    mm.vmas.insert(vma);
    mm.totalVm += pages;
    return vma;
  }

  /** One page of RAM with a reference of its own, whose first word is this. */
  public long newPage(long word) {
    long pfn = frames.alloc();
    frames.zero(pfn);
    frames.storeWord(pfn, 0, word);
    return pfn;
  }
}
