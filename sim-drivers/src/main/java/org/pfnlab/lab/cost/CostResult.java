package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import org.pfnlab.core.insert.InsertEvents;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.task.UserAccess;
import org.pfnlab.drivers.dmabuf.Reservation;
import org.pfnlab.lab.spec.KernelSpec;

/**
 * What a run of a strategy counted.
 *
 * @param strategy what was run
 * @param asked the kernel that was asked for
 * @param kernel the kernel that it ran on: the strategy may have changed features
 * @param pages how many pages were mapped and touched
 * @param counts of mmap and all touches
 * @param atLoad of probing the driver and making the buffer: once, whoever maps it
 */
public record CostResult(
    Strategy strategy,
    KernelSpec asked,
    KernelProfile kernel,
    long pages,
    Counts counts,
    Counts atLoad) {
  private static final ImmutableList<Event> LOCKS =
      ImmutableList.of(
          ResourceTree.RESOURCE_LOCK,
          Memtypes.LOCK,
          PageTable.PTE_LOCK,
          Mm.MMAP_READ_LOCK,
          UserAccess.VMA_LOCK,
          Reservation.LOCK);

  /** Resources visited by RAM tests. */
  public long nodes() {
    return counts.get(ResourceTree.NODE_VISITED);
  }

  /** Tests for RAM that walked the resource tree. */
  public long ramTests() {
    return counts.get(Memtypes.RANGE_IS_RAM);
  }

  /** Cache modes looked up. */
  public long lookups() {
    return counts.get(Memtypes.LOOKUP);
  }

  /** Cache modes reserved. */
  public long reservations() {
    return counts.get(Memtypes.RESERVE);
  }

  /** Locks taken: resource_lock, memtype_lock, page tables, mmap_lock, VMAs, buffers. */
  public long locks() {
    long sum = 0;
    for (Event lock : LOCKS) {
      sum += counts.get(lock);
    }
    return sum;
  }

  /** Faults that the CPU raised. */
  public long faults() {
    return counts.get(UserAccess.FAULT);
  }

  /** Page-table entries written by inserters. */
  public long ptes() {
    return counts.get(InsertEvents.PTE);
  }

  /** Modelled time in all. */
  public Estimate cost(CostModel model) {
    return model.cost(counts, strategy.cold());
  }

  /** Modelled time for each page. */
  public Estimate perPage(CostModel model) {
    return cost(model).times(1.0 / pages);
  }

  /** Modelled time for each page, by part of the work. */
  public ImmutableMap<String, Estimate> partsPerPage(CostModel model) {
    ImmutableMap.Builder<String, Estimate> parts = ImmutableMap.builder();
    model
        .parts(counts, strategy.cold())
        .forEach((part, cost) -> parts.put(part, cost.times(1.0 / pages)));
    return parts.buildOrThrow();
  }

  /** Modelled time for each page without the visits of resources. */
  public Estimate perPageWithoutNodes(CostModel model) {
    Estimate nodes =
        model.each(ResourceTree.NODE_VISITED.name(), strategy.cold()).times((double) nodes());
    return cost(model).minus(nodes).times(1.0 / pages);
  }
}
