package org.pfnlab.drivers.toygpu;

import static org.pfnlab.drivers.fill.FillTime.AT_MMAP;
import static org.pfnlab.drivers.fill.FillTime.EACH_FAULT;
import static org.pfnlab.drivers.fill.FillTime.FIRST_FAULT;
import static org.pfnlab.drivers.fill.Inserter.APPLY_SPECIAL;
import static org.pfnlab.drivers.fill.Inserter.FAULT_PAGE;
import static org.pfnlab.drivers.fill.Inserter.INSERT_MIXED;
import static org.pfnlab.drivers.fill.Inserter.INSERT_PAGE;
import static org.pfnlab.drivers.fill.Inserter.INSERT_PFN;
import static org.pfnlab.drivers.fill.Inserter.INSERT_PFN_PROT;
import static org.pfnlab.drivers.fill.Inserter.REMAP_EACH_PAGE;
import static org.pfnlab.drivers.fill.Inserter.REMAP_PFN_RANGE;
import static org.pfnlab.drivers.toygpu.ToyMapping.Cache.DEFAULT;
import static org.pfnlab.drivers.toygpu.ToyMapping.Cache.UNCACHED_MINUS;
import static org.pfnlab.drivers.toygpu.ToyMapping.Cache.WRITE_COMBINE;
import static org.pfnlab.drivers.toygpu.ToyMapping.Cache.WRITE_COMBINE_AT_INSERT;
import static org.pfnlab.drivers.toygpu.ToyMapping.Memory.BAR;
import static org.pfnlab.drivers.toygpu.ToyMapping.Memory.SYSTEM;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.drivers.kind.Bar;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.Placement;

/** The kinds that the toy GPU can be: one line each. */
public final class ToyGpuKinds {
  private static final long PFNMAP = ToyMapping.PFNMAP;
  private static final long IO_PFNMAP = ToyMapping.PFNMAP | VmFlags.VM_IO;
  private static final long MIXEDMAP =
      VmFlags.VM_MIXEDMAP | VmFlags.VM_DONTEXPAND | VmFlags.VM_DONTDUMP;

  private static final ToyMapping REMAP =
      ToyMapping.of(BAR, AT_MMAP, REMAP_PFN_RANGE, WRITE_COMBINE, 0);
  private static final ToyMapping PER_PFN =
      ToyMapping.of(BAR, EACH_FAULT, INSERT_PFN, WRITE_COMBINE, IO_PFNMAP);
  private static final ToyMapping SYSTEM_PFN =
      ToyMapping.of(SYSTEM, EACH_FAULT, INSERT_PFN, DEFAULT, PFNMAP);

  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          kind("mod_a_bar_remap_wc", "BAR, remap_pfn_range at mmap, WC", REMAP),
          kind(
              "mod_a_bar_remap_wc_access",
              "BAR, remap_pfn_range at mmap, WC, generic_access_phys",
              REMAP.withAccess()),
          kind(
              "mod_a_bar_remap_ucminus",
              "BAR, remap_pfn_range at mmap, UC-",
              ToyMapping.of(BAR, AT_MMAP, REMAP_PFN_RANGE, UNCACHED_MINUS, 0)),
          kind(
              "mod_a_bar_remap_wb",
              "BAR, remap_pfn_range at mmap, protection left alone",
              ToyMapping.of(BAR, AT_MMAP, REMAP_PFN_RANGE, DEFAULT, 0)),
          reserving(
              "mod_b_bar_insert_pfn_wc",
              "BAR, vmf_insert_pfn per fault, WC, whole BAR reserved WC",
              PER_PFN.refusingCow()),
          kind(
              "mod_b_bar_insert_pfn_wc_noreserve",
              "BAR, vmf_insert_pfn per fault, WC, nothing reserved",
              PER_PFN.refusingCow()),
          reserving(
              "mod_b_bar_insert_pfn_cow",
              "BAR, vmf_insert_pfn per fault, WC, private mappings not refused",
              PER_PFN),
          reserving(
              "mod_b2_bar_insert_pfn_prot_wc",
              "BAR, vmf_insert_pfn_prot per fault, WC only there, whole BAR reserved WC",
              ToyMapping.of(BAR, EACH_FAULT, INSERT_PFN_PROT, WRITE_COMBINE_AT_INSERT, IO_PFNMAP)
                  .refusingCow()),
          reserving(
              "mod_c_bar_iomap_prefault",
              "BAR, first fault writes all special entries with the io_mapping's cache bits",
              ToyMapping.of(BAR, FIRST_FAULT, APPLY_SPECIAL, WRITE_COMBINE, IO_PFNMAP)),
          kind(
              "mod_d_sys_vm_insert_page",
              "system pages, vm_insert_page at mmap",
              ToyMapping.of(SYSTEM, AT_MMAP, INSERT_PAGE, DEFAULT, 0)),
          kind(
              "mod_e_sys_insert_pfn",
              "system pages, vmf_insert_pfn per fault, VM_PFNMAP",
              SYSTEM_PFN.refusingCow()),
          kind(
              "mod_e_sys_insert_pfn_cow",
              "system pages, vmf_insert_pfn per fault, private mappings not refused",
              SYSTEM_PFN),
          kind(
              "mod_f_sys_insert_mixed",
              "system pages, vmf_insert_mixed per fault, VM_MIXEDMAP",
              ToyMapping.of(SYSTEM, EACH_FAULT, INSERT_MIXED, DEFAULT, MIXEDMAP)),
          kind(
              "mod_g_sys_remap_pfn_range",
              "system pages, remap_pfn_range at mmap",
              ToyMapping.of(SYSTEM, AT_MMAP, REMAP_PFN_RANGE, DEFAULT, 0)),
          kind(
              "mod_g2_sys_remap_each",
              "system pages, remap_pfn_range page by page at mmap",
              ToyMapping.of(SYSTEM, AT_MMAP, REMAP_EACH_PAGE, DEFAULT, 0)),
          kind(
              "mod_g_sys_remap_wcprot",
              "system pages, remap_pfn_range at mmap, WC protection",
              ToyMapping.of(SYSTEM, AT_MMAP, REMAP_PFN_RANGE, WRITE_COMBINE, 0)),
          kind(
              "mod_h_sys_fault_page",
              "system pages, handed back by the fault handler",
              ToyMapping.of(SYSTEM, EACH_FAULT, FAULT_PAGE, DEFAULT, 0)),
          reserving(
              "mod_i_bar_huge_pfn",
              "BAR, vmf_insert_pfn per fault or 2 MiB at once, WC, whole BAR reserved WC",
              PER_PFN.refusingCow().withHugeFaults()),
          reserving(
              "mod_i_bar_huge_pfn_cow",
              "BAR, vmf_insert_pfn per fault or 2 MiB at once, private mappings not refused",
              PER_PFN.withHugeFaults()));

  private ToyGpuKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static Kind kind(String name, String about, ToyMapping how) {
    return kind(name, about, how, false);
  }

  private static Kind reserving(String name, String about, ToyMapping how) {
    return kind(name, about, how, true);
  }

  /** Where the device has its BAR on this machine. */
  public static Bar bar(Machine machine) {
    return Placement.standard().choose(machine, Bar.RECORDED.base(), Bar.RECORDED.size());
  }

  /**
   * A kind that is not among the recorded ones: a mechanism put together anew.
   *
   * @param reserves whether the device reserves its whole BAR write-combined when an object is made
   */
  public static Kind kind(String name, String about, ToyMapping how, boolean reserves) {
    return new Kind(
        name,
        about,
        "the recordings' test module",
        ImmutableList.of(),
        (machine, placement) -> {
          Bar bar = placement.choose(machine, Bar.RECORDED.base(), Bar.RECORDED.size());
          return new ToyGpuDevice(machine, ToyGpu.probe(machine, bar), how, reserves);
        });
  }
}
