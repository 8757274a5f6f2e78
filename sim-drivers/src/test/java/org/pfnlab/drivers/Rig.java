package org.pfnlab.drivers;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.util.List;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.machine.Invariants;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.PageAttributeTable;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.policy.DriverPolicies;

/** A machine and one process that maps objects of drivers, with answers as people read them. */
public final class Rig {
  /** Where {@link #map} puts things. */
  public static final long BASE = 0x1000_0000_0000L;

  /** PROT_READ. */
  public static final int R = 1;

  /** PROT_READ and PROT_WRITE. */
  public static final int RW = 3;

  /** MAP_SHARED. */
  public static final int SHARED = 1;

  /** MAP_PRIVATE. */
  public static final int PRIVATE = 2;

  private static final int FIXED_NOREPLACE = 0x100000;

  public final Machine machine;
  public Process process;
  private long next = BASE;

  private Rig(Machine machine) {
    this.machine = machine;
    this.process = machine.newProcess();
  }

  /** A machine of this kernel: a release, and policies behind plus signs. */
  public static Rig boot(String spec) {
    List<String> parts = Splitter.on('+').splitToList(spec);
    ImmutableList.Builder<Policy> policies = ImmutableList.builder();
    for (String name : parts.subList(1, parts.size())) {
      policies.add(policy(name));
    }
    return boot(KernelProfile.of(parts.get(0)), policies.build());
  }

  /** A machine of this kernel. */
  public static Rig boot(KernelProfile profile, ImmutableList<Policy> policies) {
    return new Rig(new Machine(MachineConfig.of(profile).withPolicies(policies)));
  }

  public static Policy policy(String name) {
    for (Policy policy : DriverPolicies.all()) {
      if (policy.name().equals(name)) {
        return policy;
      }
    }
    throw new IllegalArgumentException("no policy is called " + name);
  }

  /** An object of this kind, filled with the recordings' pattern if it can be mapped writable. */
  public ObjectUnderTest open(String kind, long pages) {
    Kind found = KindCatalog.standard().find(kind);
    if (found == null) {
      throw new IllegalArgumentException("no kind is called " + kind);
    }
    ObjectUnderTest object = found.on(machine).open(pages);
    if (object.errno() == 0) {
      fill(object, pages);
    }
    return object;
  }

  /** Writes 0x111122223333000N into page N through a shared mapping. */
  public void fill(ObjectUnderTest object, long pages) {
    long at = map(object, pages, RW, SHARED);
    if (!Errno.isError(at)) {
      for (long page = 0; page < pages; page++) {
        store(at + (page << 12), pattern(page));
      }
      machine.syscalls().munmap(process, at, pages << 12);
    }
    machine.kernel().log().clear();
  }

  public static long pattern(long page) {
    return 0x1111_2222_3333_0000L + page;
  }

  /** Maps the first pages of an object at a fresh address: the address, or -errno. */
  public long map(ObjectUnderTest object, long pages, int prot, int flags) {
    return map(object.file(), object.offset(), pages, prot, flags);
  }

  /** Maps part of a file at a fresh 2 MiB-aligned address: the address, or -errno. */
  public long map(OpenFile file, long offset, long pages, int prot, int flags) {
    long at = next;
    long mapped =
        machine
            .syscalls()
            .mmap(process, at, pages << 12, prot, flags | FIXED_NOREPLACE, file, offset);
    next = (at + (pages << 12) + (4 << 20)) & -(2L << 20);
    return mapped;
  }

  public Vma vma(long address) {
    Vma vma = process.mm.vmas.lookup(address);
    if (vma == null) {
      throw new IllegalStateException("nothing is mapped at " + Long.toHexString(address));
    }
    return vma;
  }

  /** The flags that a driver may add, as smaps prints them. */
  public String flags(long address) {
    long added =
        VmFlags.VM_PFNMAP
            | VmFlags.VM_IO
            | VmFlags.VM_MIXEDMAP
            | VmFlags.VM_DONTEXPAND
            | VmFlags.VM_DONTDUMP
            | VmFlags.VM_PAT;
    return VmFlags.letters(vma(address).flags & added, machine.kernel());
  }

  /** The value in hexadecimal, or the signal. */
  public String load(long address) {
    Outcome outcome = machine.userAccess().loadWord(process.mm, address);
    return outcome instanceof Outcome.Value value
        ? Long.toHexString(value.value())
        : outcome.toString();
  }

  /** "ok", or the signal. */
  public String store(long address, long value) {
    long failed = machine.userAccess().storeWord(process.mm, address, value);
    return failed == 0 ? "ok" : UserAccess.signalName(failed);
  }

  public long pte(long address) {
    return process.mm.pageTable.get(address);
  }

  /** The entry's cache mode, and whether it is special and writable: {@code "WC special w"}. */
  public String entry(long address) {
    long pte = pte(address);
    if (!Pte.present(pte)) {
      return "none";
    }
    CacheMode mode = PageAttributeTable.of(machine.kernel()).mode(pte);
    return mode.name().replace("_MINUS", "-")
        + (Pte.special(pte) ? " special" : "")
        + (Pte.write(pte) ? " w" : "");
  }

  /** How many entries of this many pages are there. */
  public int present(long address, long pages) {
    int n = 0;
    for (long page = 0; page < pages; page++) {
      n += Pte.present(pte(address + (page << 12))) ? 1 : 0;
    }
    return n;
  }

  /** get_user_pages of one page: 1, or -errno. */
  public String gupSlow(long address) {
    long[] page = new long[1];
    process.mm.readLock();
    long got = machine.gupSlow().get(process.mm, address, 1, GupFlags.FOLL_GET, page);
    process.mm.readUnlock();
    return released(got, page);
  }

  /** get_user_pages_fast_only of one page: what the lockless walk alone gets, 0 or 1. */
  public String gupFastOnly(long address) {
    long[] page = new long[1];
    int flags = GupFlags.FOLL_GET | GupFlags.FOLL_FAST_ONLY;
    long got = machine.gupFast().get(process.mm, address, 1, flags, page);
    return got <= 0 ? "0" : released(got, page);
  }

  private String released(long got, long[] page) {
    if (got == 1) {
      machine.pins().put(page[0]);
    }
    return Errno.isError(got) ? Errno.name(got) : Long.toString(got);
  }

  /** Counts what a step does. */
  public long count(Event event, Runnable step) {
    long before = machine.kernel().meter.get(event);
    step.run();
    return machine.kernel().meter.get(event) - before;
  }

  public static String name(long result) {
    return Errno.isError(result) ? Errno.name(result) : "ok";
  }

  public void munmap(long address, long pages) {
    machine.syscalls().munmap(process, address, pages << 12);
  }

  public void check() {
    Invariants.check(machine);
  }
}
