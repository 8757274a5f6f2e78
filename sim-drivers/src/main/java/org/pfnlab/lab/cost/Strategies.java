package org.pfnlab.lab.cost;

import static org.pfnlab.drivers.toygpu.ToyMapping.Cache.WRITE_COMBINE;
import static org.pfnlab.lab.cost.Strategy.Memory.BAR;
import static org.pfnlab.lab.cost.Strategy.Memory.RAM;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.fill.FillTime;
import org.pfnlab.drivers.fill.Inserter;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.toygpu.ToyGpuKinds;
import org.pfnlab.drivers.toygpu.ToyMapping;
import org.pfnlab.drivers.ttm.TtmFeatures;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.spec.Nearest;

/**
 * The contenders: what drivers do, what has been proposed, and for each memory a floor that checks
 * nothing and a ceiling that checks everything, one fault a page, on cold caches.
 */
public final class Strategies {
  private static final String EVERY = "all";

  private static final long PFNMAP =
      VmFlags.VM_IO | VmFlags.VM_PFNMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  private static final Kind PER_PFN = known("mod_b_bar_insert_pfn_wc");
  private static final Kind IO_MAPPING = known("mod_c_bar_iomap_prefault");
  private static final Kind REMAP = known("mod_a_bar_remap_wc");
  private static final Kind HUGE = known("mod_i_bar_huge_pfn");
  private static final Kind TTM_VRAM = known("amdgpu_vram");
  private static final Kind TTM_SYSTEM = known("amdgpu_gtt");

  private static final Kind PREFAULT =
      reserving(
          "cost_bar_prefault",
          "BAR, first fault calls vmf_insert_pfn for every page",
          filled(FillTime.FIRST_FAULT, Inserter.INSERT_PFN, WRITE_COMBINE));

  private static final Kind PREFAULT_16 =
      reserving(
          "cost_bar_prefault_16",
          "BAR, each fault calls vmf_insert_pfn for 16 pages",
          filled(FillTime.EACH_FAULT, Inserter.INSERT_PFN, WRITE_COMBINE).withWindow(16));

  private static final Kind PREFAULT_64 =
      reserving(
          "cost_bar_prefault_64",
          "BAR, each fault calls vmf_insert_pfn for 64 pages",
          filled(FillTime.EACH_FAULT, Inserter.INSERT_PFN, WRITE_COMBINE).withWindow(64));

  private static final Kind BATCH_64 =
      reserving(
          "cost_bar_batch_64",
          "BAR, each fault asks PAT once and writes 64 entries",
          filled(FillTime.EACH_FAULT, Inserter.INSERT_PFNS_ASKED_ONCE, WRITE_COMBINE)
              .withWindow(64));

  private static final Kind VMA_MEMTYPE =
      reserving(
          "cost_bar_vma_memtype",
          "BAR, cache mode looked up at mmap, one entry a fault",
          filled(
              FillTime.EACH_FAULT,
              Inserter.INSERT_PFN_UNASKED,
              ToyMapping.Cache.LOOKED_UP_AT_MMAP));

  private static final ImmutableMap<String, Strategy> ALL =
      index(
          Strategy.of(
                  "floor", BAR, REMAP, "PAT off, one remap_pfn_range at mmap: nothing is checked")
              .without(Arch.X86_PAT)
              .asFloor(),
          Strategy.of(
              "io-mapping",
              BAR,
              IO_MAPPING,
              "BAR reserved once at load, the first fault writes everything (i915 GTT)"),
          Strategy.of(
              "remap",
              BAR,
              REMAP,
              "one remap_pfn_range at mmap, which reserves the whole mapping (most simple drivers)"),
          Strategy.of("huge-pfn", BAR, HUGE, "one vmf_insert_pfn_pmd for each 2 MiB (vfio-pci)")
              .needing(Arch.ARCH_SUPPORTS_HUGE_PFNMAP),
          Strategy.of(
              "prefault",
              BAR,
              PREFAULT,
              "the first fault calls vmf_insert_pfn for every page (i915 until 2016, vfio-pci v6.10)"),
          Strategy.of(
                  "walk-full",
                  BAR,
                  PREFAULT,
                  "prefault with the walk of v6.1 to v6.18, which compares every resource")
              .with(IomemFeatures.IOMEM_WALK_DESCENDS)
              .without(IomemFeatures.IOMEM_SIBLINGS_ONLY, IomemFeatures.IOMEM_SKIP_CHILDREN),
          Strategy.of(
                  "walk-skip",
                  BAR,
                  PREFAULT,
                  "prefault with the walk of v6.19, which skips children below the target")
              .with(IomemFeatures.IOMEM_WALK_DESCENDS, IomemFeatures.IOMEM_SKIP_CHILDREN),
          Strategy.of(
                  "last-node",
                  BAR,
                  PREFAULT,
                  "walk-skip, beginning where the last walk left the first level (N. Amit, 2019)")
              .with(
                  IomemFeatures.IOMEM_WALK_DESCENDS,
                  IomemFeatures.IOMEM_SKIP_CHILDREN,
                  IomemFeatures.IOMEM_CACHES_TOP),
          Strategy.of(
                  "ram-index",
                  BAR,
                  PREFAULT,
                  "prefault, System RAM found by binary search instead of a walk")
              .with(IomemFeatures.IOMEM_RAM_INDEX),
          Strategy.of("prefault-64", BAR, PREFAULT_64, "vmf_insert_pfn for 64 pages a fault"),
          Strategy.of("prefault-16", BAR, PREFAULT_16, "vmf_insert_pfn for 16 pages a fault"),
          Strategy.of(
              "batch-64",
              BAR,
              BATCH_64,
              "64 pages a fault: PAT asked once, all entries written by one call"),
          Strategy.of(
              "vma-memtype",
              BAR,
              VMA_MEMTYPE,
              "cache mode looked up at mmap and kept with the VMA, one raw insertion a fault"),
          Strategy.of("per-pfn", BAR, PER_PFN, "one vmf_insert_pfn for each fault"),
          Strategy.of(
              "ttm-vram",
              BAR,
              TTM_VRAM,
              "TTM, video memory: vmf_insert_pfn_prot, up to 16 pages a fault (amdgpu, xe)"),
          Strategy.of("ceiling", BAR, PER_PFN, "per-pfn with the full walk on cold caches")
              .with(IomemFeatures.IOMEM_WALK_DESCENDS)
              .without(IomemFeatures.IOMEM_SIBLINGS_ONLY, IomemFeatures.IOMEM_SKIP_CHILDREN)
              .asColdCeiling(),
          Strategy.of(
                  "ttm-bulk",
                  RAM,
                  TTM_SYSTEM,
                  "the bypass of August 2025: apply_to_page_range for each fault, PAT not asked")
              .with(TtmFeatures.TTM_BULK_FILL)
              .asFloor(),
          Strategy.of(
                  "ttm-pfn-ram",
                  RAM,
                  TTM_SYSTEM,
                  "way out 2 of August 2025: raw frames by an interface for RAM, PAT not asked")
              .with(TtmFeatures.TTM_PFN_RAM)
              .needing(TtmFeatures.TTM_PFNMAP),
          Strategy.of(
                  "ttm-pages",
                  RAM,
                  TTM_SYSTEM,
                  "way out 1 of August 2025: counted pages with the driver's protection")
              .with(TtmFeatures.TTM_INSERT_PAGES),
          Strategy.of(
                  "ttm-pat-ram",
                  RAM,
                  TTM_SYSTEM,
                  "way out 3 of August 2025: PAT asks struct pages what is RAM, no walk")
              .with(Memtypes.PAT_ASKS_STRUCT_PAGE),
          Strategy.of(
                  "ttm-ram-index",
                  RAM,
                  TTM_SYSTEM,
                  "ttm-prefault, System RAM found by binary search instead of a walk")
              .with(IomemFeatures.IOMEM_RAM_INDEX),
          Strategy.of(
              "ttm-prefault",
              RAM,
              TTM_SYSTEM,
              "TTM, system memory: vmf_insert_pfn_prot, up to 16 pages a fault"),
          Strategy.of(
                  "ttm-ceiling", RAM, TTM_SYSTEM, "ttm-prefault with the full walk on cold caches")
              .with(IomemFeatures.IOMEM_WALK_DESCENDS)
              .without(IomemFeatures.IOMEM_SIBLINGS_ONLY, IomemFeatures.IOMEM_SKIP_CHILDREN)
              .asColdCeiling());

  private Strategies() {}

  private static ToyMapping filled(FillTime time, Inserter inserter, ToyMapping.Cache cache) {
    return ToyMapping.of(ToyMapping.Memory.BAR, time, inserter, cache, PFNMAP).refusingCow();
  }

  private static Kind reserving(String name, String about, ToyMapping how) {
    return ToyGpuKinds.kind(name, about + ", WC, whole BAR reserved WC", how, true);
  }

  private static Kind known(String name) {
    Kind kind = KindCatalog.standard().find(name);
    if (kind == null) {
      throw new IllegalStateException("no kind is called " + name);
    }
    return kind;
  }

  private static ImmutableMap<String, Strategy> index(Strategy... strategies) {
    ImmutableMap.Builder<String, Strategy> byName = ImmutableMap.builder();
    for (Strategy strategy : strategies) {
      byName.put(strategy.name(), strategy);
    }
    return byName.buildOrThrow();
  }

  /** All of them, by memory, from floor to ceiling. */
  public static ImmutableList<Strategy> all() {
    return ALL.values().asList();
  }

  /** All names. */
  public static ImmutableSet<String> names() {
    return ALL.keySet();
  }

  /**
   * The strategy of this name.
   *
   * @throws BadInput if there is none
   */
  public static Strategy named(String name) {
    Strategy strategy = ALL.get(name);
    if (strategy == null) {
      throw Nearest.unknown("strategy", name, ALL.keySet(), "; there are ");
    }
    return strategy;
  }

  /**
   * The strategies of these names, or {@code all}, in the order of {@link #all}, with the floor and
   * the ceiling of each memory that they map.
   *
   * @throws BadInput if one of them does not exist
   */
  public static ImmutableList<Strategy> withBounds(List<String> names) {
    if (names.contains(EVERY)) {
      return all();
    }
    List<Strategy> wanted = new ArrayList<>();
    names.forEach(name -> wanted.add(named(name)));
    return all().stream()
        .filter(
            strategy ->
                wanted.contains(strategy)
                    || (strategy.bound() != Strategy.Bound.NONE
                        && wanted.stream().anyMatch(w -> w.memory() == strategy.memory())))
        .collect(ImmutableList.toImmutableList());
  }
}
