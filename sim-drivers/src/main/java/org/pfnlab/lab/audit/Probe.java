package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.insert.InsertEvents;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Hooks;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.lab.spec.KernelSpec;

/** A machine of one kernel, booted anew for every question, that maps objects and looks. */
public final class Probe {
  private static final int PAGES = 4;
  private static final long BASE = 0x1000_0000_0000L;
  private static final long SECOND = 0x1000_4000_0000L;
  private static final long WORD = 0x5151_0000L;
  private static final long STORED = 0x7777L;
  private static final int RW = MapFlags.PROT_READ | MapFlags.PROT_WRITE;

  /** Callers before those whom they call. */
  private static final ImmutableMap<Event, String> INSERTERS =
      ImmutableMap.of(
          InsertEvents.VM_INSERT_PAGES, "vm_insert_pages",
          InsertEvents.VM_INSERT_PAGE, "vm_insert_page",
          InsertEvents.VMF_INSERT_MIXED, "vmf_insert_mixed",
          InsertEvents.VMF_INSERT_MIXED_PROT, "vmf_insert_mixed_prot",
          InsertEvents.VMF_INSERT_PFN, "vmf_insert_pfn",
          InsertEvents.VMF_INSERT_PFN_PROT, "vmf_insert_pfn_prot",
          InsertEvents.VMF_INSERT_PFN_HUGE, "vmf_insert_pfn_pmd",
          InsertEvents.REMAP_PFN_RANGE, "remap_pfn_range",
          InsertEvents.REMAP_NOTRACK, "remap_pfn_range_notrack",
          InsertEvents.APPLY_TO_PAGE_RANGE, "apply_to_page_range");

  private final Machine machine;
  private final Watch watch = new Watch();
  private final List<Long> accepted = new ArrayList<>();
  private Process process;

  /** Boots a machine. */
  public Probe(KernelSpec kernel) {
    this.machine =
        new Machine(
            MachineConfig.of(kernel.profile())
                .withPolicies(
                    ImmutableList.<Policy>builder().add(watch).addAll(kernel.policies()).build()));
    this.process = machine.newProcess();
  }

  /** Notices whether exporters are asked; decides nothing. */
  private static final class Watch implements Policy {
    private boolean asked;

    @Override
    public String name() {
      return "watch-exporters";
    }

    @Override
    public String origin() {
      return "the audit's own: looks, and allows everything";
    }

    @Override
    public void install(Hooks hooks, Kernel kernel) {
      hooks.on(
          DmaBufs.BEFORE_EXPORTER_MMAP,
          vma -> {
            asked = true;
            return 0;
          });
    }
  }

  /** Asks everything about a kind. */
  public Measurement measure(Kind kind) {
    accepted.clear();
    watch.asked = false;
    Sight sight = new Sight();
    String shared = caught(() -> shared(kind, sight));
    boolean asked = watch.asked;
    boolean live = shared.equals(Measurement.OK);
    if (live) {
      caught(() -> readOnly(kind));
    }
    return new Measurement(
        sight.exists,
        asked,
        shared,
        sight.filledBy,
        sight.flags,
        sight.slow,
        sight.fast,
        live ? caught(() -> copied(kind, PAGES)) : Measurement.NOTHING,
        live ? caught(() -> copied(kind, 1)) : Measurement.NOTHING,
        live ? caught(() -> offset(kind)) : Measurement.NOTHING,
        ImmutableList.copyOf(accepted));
  }

  /** What was seen of a shared mapping. */
  private static final class Sight {
    private boolean exists = true;
    private String filledBy = Measurement.NOTHING;
    private long flags;
    private String slow = Measurement.NOTHING;
    private String fast = Measurement.NOTHING;
  }

  private static String caught(Supplier<String> question) {
    try {
      return question.get();
    } catch (KernelBug | KernelHang stopped) {
      return Measurement.BUG;
    }
  }

  private String shared(Kind kind, Sight sight) {
    ObjectUnderTest object = open(kind, PAGES);
    if (object.errno() != 0) {
      sight.exists = object.errno() != -Errno.ENODEV;
      return Errno.name(object.errno());
    }
    long[] before = counts();
    long mapped = map(object, BASE, PAGES, MapFlags.MAP_SHARED);
    if (Errno.isError(mapped)) {
      return Errno.name(mapped);
    }
    long[] filled = counts();
    sight.flags = accept(BASE);
    String touched = fill();
    sight.filledBy = inserters(before, filled, counts());
    if (!touched.equals(Measurement.OK)) {
      return touched;
    }
    sight.slow = gup(false);
    sight.fast = gup(true);
    return Measurement.OK;
  }

  private String readOnly(Kind kind) {
    ObjectUnderTest object = open(kind, PAGES);
    OpenFile file = object.file();
    OpenFile readOnly = new OpenFile(file.ops, file.mapping, OpenFile.FMODE_READ, file.name);
    readOnly.privateData = file.privateData;
    long mapped =
        machine
            .syscalls()
            .mmap(
                process,
                BASE,
                (long) PAGES << 12,
                MapFlags.PROT_READ,
                MapFlags.MAP_SHARED | MapFlags.MAP_FIXED_NOREPLACE,
                readOnly,
                object.offset());
    if (Errno.isError(mapped)) {
      return Errno.name(mapped);
    }
    accept(BASE);
    return Measurement.OK;
  }

  private String copied(Kind kind, int pages) {
    ObjectUnderTest object = open(kind, pages);
    if (object.errno() != 0) {
      return Errno.name(object.errno());
    }
    long mapped = map(object, BASE, pages, MapFlags.MAP_PRIVATE);
    if (Errno.isError(mapped)) {
      return Errno.name(mapped);
    }
    accept(BASE);
    long own = object.word(0);
    String stored = store(BASE, STORED);
    if (!stored.equals(Measurement.OK)) {
      return stored;
    }
    return object.word(0) == own && own != STORED ? Measurement.COPIES : "writes through";
  }

  private String offset(Kind kind) {
    ObjectUnderTest object = open(kind, PAGES);
    map(object, BASE, PAGES, MapFlags.MAP_SHARED);
    fill();
    long mapped =
        machine
            .syscalls()
            .mmap(
                process,
                SECOND,
                4096,
                RW,
                MapFlags.MAP_SHARED | MapFlags.MAP_FIXED_NOREPLACE,
                object.file(),
                object.offset() + 4096);
    if (Errno.isError(mapped)) {
      return Errno.name(mapped);
    }
    Outcome loaded = machine.userAccess().loadWord(process.mm, SECOND);
    if (loaded instanceof Outcome.Value value) {
      return value.value() == WORD + 1 ? "honoured" : value.value() == WORD ? "ignored" : "wrong";
    }
    return loaded.toString();
  }

  private ObjectUnderTest open(Kind kind, long pages) {
    machine.reset();
    process = machine.newProcess();
    return kind.on(machine).open(pages);
  }

  private long map(ObjectUnderTest object, long at, long pages, int type) {
    return machine
        .syscalls()
        .mmap(
            process,
            at,
            pages << 12,
            RW,
            type | MapFlags.MAP_FIXED_NOREPLACE,
            object.file(),
            object.offset());
  }

  private long accept(long address) {
    @Nullable Vma vma = process.mm.vmas.lookup(address);
    if (vma == null) {
      throw new IllegalStateException("nothing is mapped where mmap said it is");
    }
    accepted.add(vma.flags);
    return vma.flags;
  }

  /** Gives every page its word, through the mapping; {@code ok} or the first signal. */
  private String fill() {
    for (int page = 0; page < PAGES; page++) {
      String stored = store(BASE + ((long) page << 12), WORD + page);
      if (!stored.equals(Measurement.OK)) {
        return stored;
      }
    }
    return Measurement.OK;
  }

  private String store(long address, long word) {
    Outcome outcome = Outcome.ofAccess(machine.userAccess().storeWord(process.mm, address, word));
    return outcome instanceof Outcome.Value ? Measurement.OK : outcome.toString();
  }

  private String gup(boolean fast) {
    long[] page = new long[1];
    long got;
    if (fast) {
      int flags = GupFlags.FOLL_GET | GupFlags.FOLL_FAST_ONLY;
      got = machine.gupFast().get(process.mm, BASE, 1, flags, page);
    } else {
      process.mm.readLock();
      got = machine.gupSlow().get(process.mm, BASE, 1, GupFlags.FOLL_GET, page);
      process.mm.readUnlock();
    }
    if (got == 1) {
      machine.pins().put(page[0]);
      return "works";
    }
    return Errno.isError(got) ? Errno.name(got) : "no";
  }

  private long[] counts() {
    long[] counts = new long[INSERTERS.size()];
    int i = 0;
    for (Event event : INSERTERS.keySet()) {
      counts[i++] = machine.kernel().meter.get(event);
    }
    return counts;
  }

  private static String inserters(long[] before, long[] filled, long[] touched) {
    String atMmap = inserter(before, filled);
    String atFault = inserter(filled, touched);
    if (!atMmap.isEmpty()) {
      return atMmap + " at mmap";
    }
    // Fault handlers call vm_insert_page through vmf_insert_page.
    String handler = atFault.equals("vm_insert_page") ? "vmf_insert_page" : atFault;
    return handler.isEmpty() ? "the core, from a page" : handler + " at fault";
  }

  /** The first in the list that was called; those behind it may have been called by it. */
  private static String inserter(long[] before, long[] behind) {
    int i = 0;
    for (Map.Entry<Event, String> inserter : INSERTERS.entrySet()) {
      if (behind[i] > before[i]) {
        return inserter.getValue();
      }
      i++;
    }
    return "";
  }
}
