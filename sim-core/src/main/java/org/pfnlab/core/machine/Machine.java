package org.pfnlab.core.machine;

import com.google.common.collect.ImmutableList;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.fault.HugeFaults;
import org.pfnlab.core.fault.WriteProtect;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.gup.AccessPhys;
import org.pfnlab.core.gup.ExpandStack;
import org.pfnlab.core.gup.GupFast;
import org.pfnlab.core.gup.GupSlow;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.insert.ApplyToPageRange;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.insert.RemapPfn;
import org.pfnlab.core.iomap.IoRemap;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.mm.Current;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.TablePool;
import org.pfnlab.core.pat.DirectMap;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.Mtrr;
import org.pfnlab.core.pat.SetMemory;
import org.pfnlab.core.pfnmap.NormalPage;
import org.pfnlab.core.pfnmap.PfnmapTracking;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.AnonRmap;
import org.pfnlab.core.rmap.HugeAnon;
import org.pfnlab.core.rmap.PageRmap;
import org.pfnlab.core.rmap.UnmapMapping;
import org.pfnlab.core.rmap.Zap;
import org.pfnlab.core.task.BufferedIo;
import org.pfnlab.core.task.DirectIo;
import org.pfnlab.core.task.Futexes;
import org.pfnlab.core.task.Pagemap;
import org.pfnlab.core.task.Pipes;
import org.pfnlab.core.task.ProcMem;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.ProcessVm;
import org.pfnlab.core.task.RegisteredBuffers;
import org.pfnlab.core.task.RemoteAccess;
import org.pfnlab.core.task.Smaps;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.core.vma.Brk;
import org.pfnlab.core.vma.Fork;
import org.pfnlab.core.vma.GuardRegions;
import org.pfnlab.core.vma.Madvise;
import org.pfnlab.core.vma.Mbind;
import org.pfnlab.core.vma.Mincore;
import org.pfnlab.core.vma.Mlock;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.core.vma.MovePages;
import org.pfnlab.core.vma.Mprotect;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.core.vma.Mseal;
import org.pfnlab.core.vma.Msync;
import org.pfnlab.core.vma.Munmap;
import org.pfnlab.core.vma.PageAdvice;
import org.pfnlab.core.vma.Populate;
import org.pfnlab.core.vma.Userfaultfd;
import org.pfnlab.core.vma.VmaMerge;
import org.pfnlab.core.vma.VmaModify;
import org.pfnlab.core.vma.VmaMove;
import org.pfnlab.core.vma.VmaSplit;

/**
 * One modelled computer: memory, resource tree, cache modes, a kernel of some release, and
 * processes.
 *
 * <p>It only assembles: every rule lives in the room that it belongs to. A machine costs what it
 * touched, so {@link #reset} makes it as good as new in microseconds.
 */
public final class Machine {

  /** What the parts of the image are called: "Kernel code", "Kernel data", ... */
  private static final String KERNEL = "Kernel ";

  private static final String SYSTEM_RAM = "System RAM";

  private final Kernel kernel;
  private final ResourceTree iomem;
  private final Memtypes memtypes;
  private final DirectMap directMap;
  private final SetMemory setMemory;
  private final Frames frames;
  private final TablePool tables = new TablePool();
  private final Current current = new Current();
  private final NormalPage normalPage;
  private final UnmapMapping unmapMapping;
  private final Zap zap;
  private final PteInserter inserter;
  private final RemapPfn remapPfn;
  private final ApplyToPageRange applyToPageRange;
  private final IoRemap ioRemap;
  private final HugeFaults hugeFaults;
  private final FaultHandler faults;
  private final GupSlow gupSlow;
  private final GupFast gupFast;
  private final Pins pins;
  private final AccessPhys accessPhys;
  private final FileSystem files;
  private final UserAccess userAccess;
  private final ProcessVm processVm;
  private final ProcMem procMem;
  private final Pipes pipes;
  private final DirectIo directIo;
  private final BufferedIo bufferedIo;
  private final RegisteredBuffers registeredBuffers;
  private final Futexes futexes;
  private final Smaps smaps;
  private final Pagemap pagemap;
  private final Syscalls syscalls;
  private final List<Process> processes = new ArrayList<>();
  private final ImmutableList<FrameHolder> holdersAtBoot;
  private final List<FrameHolder> frameHolders = new ArrayList<>();
  private int maxMapCount = Mm.MAX_MAP_COUNT;

  /** Boots a machine. */
  public Machine(MachineConfig config) {
    kernel = new Kernel(config.profile());
    for (Policy policy : config.policies()) {
      policy.install(kernel.hooks(), kernel);
    }
    iomem = IomemText.parse(kernel, config.iomem());
    long[] ram = systemRam(iomem);
    long[] image = kernelImage(iomem);
    frames = new Frames(kernel, ram, image[0], image[1]);
    memtypes =
        new Memtypes(
            kernel, iomem, Mtrr.parse(config.mtrr()), new FrameMemtypes(frames), end(ram) - 1);
    directMap = new DirectMap(kernel, frames::isRam, end(ram) - 1, image[0], image[1]);
    memtypes.attach(directMap);
    setMemory = new SetMemory(memtypes, directMap);
    normalPage = new NormalPage(kernel, frames);
    PfnmapTracking tracking = new PfnmapTracking(kernel, normalPage, memtypes);
    PageRmap pageRmap = new PageRmap(kernel, frames);
    AnonRmap anonRmap = new AnonRmap(kernel);
    HugeAnon huge = new HugeAnon(frames, normalPage, pageRmap);
    zap = new Zap(kernel, frames, normalPage, tracking, pageRmap, huge);
    unmapMapping = new UnmapMapping(kernel, zap);
    inserter = new PteInserter(kernel, frames, tracking, pageRmap);
    remapPfn = new RemapPfn(kernel, frames, tracking, zap);
    applyToPageRange = new ApplyToPageRange(kernel);
    ioRemap = new IoRemap(kernel, iomem, frames, memtypes);
    WriteProtect writeProtect =
        new WriteProtect(kernel, frames, normalPage, anonRmap, pageRmap, current);
    hugeFaults = new HugeFaults(kernel, frames, normalPage, anonRmap, pageRmap, huge);
    faults = new FaultHandler(kernel, frames, anonRmap, pageRmap, writeProtect, hugeFaults);
    pins = new Pins(kernel, frames);
    ExpandStack stack = new ExpandStack(kernel, anonRmap);
    gupSlow = new GupSlow(kernel, frames, normalPage, faults, stack, pins);
    gupFast = new GupFast(kernel, frames, gupSlow, pins);
    accessPhys = new AccessPhys(kernel, frames);
    files =
        new FileSystem(
            kernel, frames, faults, unmapMapping, inserter, remapPfn, config.readAheadPages());
    VmaSplit split = new VmaSplit(kernel, anonRmap, tracking, huge);
    VmaMerge merge = new VmaMerge(kernel, anonRmap, tracking);
    VmaModify modify = new VmaModify(merge, split);
    Populate populate = new Populate(kernel, gupSlow, frames.lru());
    Munmap munmap = new Munmap(kernel, split, zap, anonRmap, tracking);
    Mmap mmap = new Mmap(kernel, munmap, merge, zap, populate, files.shmem());
    Mprotect mprotect = new Mprotect(kernel, frames, normalPage, huge, modify, populate);
    Fork fork = new Fork(kernel, frames, normalPage, tracking, anonRmap, pageRmap, huge, munmap);
    userAccess = new UserAccess(kernel, frames, faults, stack);
    RemoteAccess remote = new RemoteAccess(kernel, frames, gupSlow, stack, pins);
    processVm = new ProcessVm(kernel, frames, gupSlow, pins);
    procMem = new ProcMem(remote);
    pipes = new Pipes(kernel, frames, gupFast, pins);
    directIo = new DirectIo(kernel, frames, gupFast, pins);
    bufferedIo = new BufferedIo(kernel, userAccess);
    registeredBuffers = new RegisteredBuffers(kernel, frames, gupSlow, gupFast, pins);
    futexes = new Futexes(kernel, frames, gupFast, pins, userAccess);
    smaps = new Smaps(kernel, frames, normalPage);
    pagemap = new Pagemap(kernel, frames, normalPage);
    VmaMove move = new VmaMove(kernel, munmap, merge, anonRmap, tracking, huge);
    PageAdvice pageAdvice = new PageAdvice(kernel, frames, normalPage, zap, pageRmap, huge);
    GuardRegions guards = new GuardRegions(kernel, anonRmap, zap);
    syscalls =
        new Syscalls(
            this,
            new Syscalls.Calls(
                mmap,
                munmap,
                new Brk(kernel, munmap, merge, populate),
                mprotect,
                fork,
                new Mremap(kernel, munmap, merge, move, populate),
                new Madvise(kernel, modify, gupSlow, pageAdvice, guards, frames.lru()),
                new Mlock(kernel, frames.lru(), normalPage, modify, populate),
                new Mseal(kernel, modify),
                new Msync(),
                new Mincore(),
                new MovePages(kernel, frames, normalPage),
                new Mbind(frames),
                new Userfaultfd(kernel)));
    holdersAtBoot = ImmutableList.of(files, pipes, registeredBuffers, hugeFaults, frames.lru());
    frameHolders.addAll(holdersAtBoot);
  }

  /** System RAM of the tree as start and end byte addresses, whole pages, end exclusive. */
  private static long[] systemRam(ResourceTree tree) {
    LongArrayList ranges = new LongArrayList();
    for (int i = 0; i < tree.size(); i++) {
      if (SYSTEM_RAM.equals(tree.name(i))) {
        long start = (tree.start(i) + 4095) & ~4095L;
        long end = (tree.end(i) + 1) & ~4095L;
        if (start < end) {
          ranges.add(start);
          ranges.add(end);
        }
      }
    }
    return ranges.toLongArray();
  }

  /**
   * First page frame of the kernel's text, data and bss, and the one behind them; 0, 0 if hidden.
   */
  private static long[] kernelImage(ResourceTree tree) {
    long start = Long.MAX_VALUE;
    long end = 0;
    for (int i = 0; i < tree.size(); i++) {
      String name = tree.name(i);
      if (name != null && name.startsWith(KERNEL)) {
        start = Math.min(start, tree.start(i) >>> 12);
        end = Math.max(end, (tree.end(i) >>> 12) + 1);
      }
    }
    return end == 0 ? new long[2] : new long[] {start, end};
  }

  private static long end(long[] ram) {
    long end = 0;
    for (int i = 1; i < ram.length; i += 2) {
      end = Math.max(end, ram[i]);
    }
    return end;
  }

  /** A new process with an empty address space. */
  public Process newProcess() {
    Mm mm = new Mm(kernel.meter, new PageTable(kernel, tables));
    mm.maxMapCount = maxMapCount;
    Process process = new Process(processes.size(), "oracle", mm);
    processes.add(process);
    return process;
  }

  /** Sets vm.max_map_count, for all processes until somebody sets it again. */
  public void setMaxMapCount(int most) {
    maxMapCount = most;
    for (Process process : processes) {
      process.mm.maxMapCount = most;
    }
  }

  /** All processes since boot or reset, those that have exited included, by id. */
  public List<Process> processes() {
    return Collections.unmodifiableList(processes);
  }

  /**
   * The process that makes the next calls: the log names it, and it is the one that reaches into
   * another by {@link #processVm} or {@link #procMem}. {@link Syscalls} enter by themselves.
   */
  public void enter(Process process) {
    if (process.hasExited()) {
      throw new IllegalArgumentException(process + " has exited and can call nothing");
    }
    kernel.comm = process.comm;
    current.switchTo(process.mm);
    memtypes.setComm(process.comm);
  }

  /** Registers somebody who holds page references, so that {@link Invariants} can count them. */
  public void addFrameHolder(FrameHolder holder) {
    frameHolders.add(holder);
  }

  /** Everybody who holds page references apart from page-table entries. */
  public ImmutableList<FrameHolder> frameHolders() {
    return ImmutableList.copyOf(frameHolders);
  }

  /**
   * Back to boot, in time proportional to what was touched: no processes, all memory free, no
   * memtypes, nothing counted. Drivers must be probed again.
   */
  public void reset() {
    for (Process process : processes) {
      process.mm.reset();
      process.mm.pageTable.reset();
    }
    processes.clear();
    current.switchTo(null);
    files.reset();
    pipes.reset();
    registeredBuffers.reset();
    futexes.reset();
    hugeFaults.reset();
    frames.lru().reset();
    frames.reset();
    memtypes.reset();
    directMap.reset();
    ioRemap.reset();
    frameHolders.clear();
    frameHolders.addAll(holdersAtBoot);
    maxMapCount = Mm.MAX_MAP_COUNT;
    kernel.log().clear();
    kernel.meter.reset();
  }

  /** The kernel's own mapping of all RAM. */
  public DirectMap directMap() {
    return directMap;
  }

  /** set_memory_* and set_pages_array_*. */
  public SetMemory setMemory() {
    return setMemory;
  }

  /** Its kernel. */
  public Kernel kernel() {
    return kernel;
  }

  /** Its resource tree. */
  public ResourceTree iomem() {
    return iomem;
  }

  /** Its cache-mode reservations. */
  public Memtypes memtypes() {
    return memtypes;
  }

  /** Its memory. */
  public Frames frames() {
    return frames;
  }

  /** vm_normal_page. */
  public NormalPage normalPage() {
    return normalPage;
  }

  /** unmap_mapping_range. */
  public UnmapMapping unmapMapping() {
    return unmapMapping;
  }

  /** zap_vma_ptes and its relatives. */
  public Zap zap() {
    return zap;
  }

  /** vm_insert_page, vmf_insert_pfn and their relatives. */
  public PteInserter inserter() {
    return inserter;
  }

  /** remap_pfn_range. */
  public RemapPfn remapPfn() {
    return remapPfn;
  }

  /** apply_to_page_range. */
  public ApplyToPageRange applyToPageRange() {
    return applyToPageRange;
  }

  /** ioremap. */
  public IoRemap ioRemap() {
    return ioRemap;
  }

  /** handle_mm_fault. */
  public FaultHandler faults() {
    return faults;
  }

  /** get_user_pages. */
  public GupSlow gupSlow() {
    return gupSlow;
  }

  /** get_user_pages_fast. */
  public GupFast gupFast() {
    return gupFast;
  }

  /** unpin_user_pages. */
  public Pins pins() {
    return pins;
  }

  /** generic_access_phys. */
  public AccessPhys accessPhys() {
    return accessPhys;
  }

  /** Objects that can be opened and mapped. */
  public FileSystem files() {
    return files;
  }

  /** Shared memory without a name. */
  public Shmem shmem() {
    return files.shmem();
  }

  /** Loads, stores, and the kernel's copies from and to user memory. */
  public UserAccess userAccess() {
    return userAccess;
  }

  /** process_vm_readv and process_vm_writev. */
  public ProcessVm processVm() {
    return processVm;
  }

  /** /proc/pid/mem and ptrace. */
  public ProcMem procMem() {
    return procMem;
  }

  /** vmsplice and the pipes that hold its pages. */
  public Pipes pipes() {
    return pipes;
  }

  /** O_DIRECT. */
  public DirectIo directIo() {
    return directIo;
  }

  /** read(2) and write(2). */
  public BufferedIo bufferedIo() {
    return bufferedIo;
  }

  /** io_uring's registered buffers. */
  public RegisteredBuffers registeredBuffers() {
    return registeredBuffers;
  }

  /** Futexes. */
  public Futexes futexes() {
    return futexes;
  }

  /** /proc/pid/smaps. */
  public Smaps smaps() {
    return smaps;
  }

  /** /proc/pid/pagemap. */
  public Pagemap pagemap() {
    return pagemap;
  }

  /** The memory-mapping system calls. */
  public Syscalls syscalls() {
    return syscalls;
  }
}
