package org.pfnlab.core.iomem;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Meter;

/**
 * The walks that do not go through find_next_iomem_res: what kind of memory a range is, who may map
 * it, whether it lies within one device. They count into {@link ResourceTree#NODE_SCANNED}.
 */
final class RegionChecks {
  private final Kernel kernel;
  private final Meter meter;
  private final ResourceArrays nodes;
  private final boolean descends;
  private final boolean staysInSubtree;
  private final boolean exclusiveRam;
  private final boolean strict;
  private final boolean ioStrict;

  RegionChecks(Kernel kernel, ResourceArrays nodes) {
    this.kernel = kernel;
    this.nodes = nodes;
    meter = kernel.meter;
    descends = kernel.has(IomemFeatures.REGION_INTERSECTS_DESCENDS);
    staysInSubtree = kernel.has(IomemFeatures.FOR_EACH_RESOURCE_IN_SUBTREE);
    exclusiveRam = kernel.has(IomemFeatures.IOMEM_EXCLUSIVE_SYSTEM_RAM);
    strict = kernel.has(IomemFeatures.STRICT_DEVMEM);
    ioStrict = kernel.has(IomemFeatures.IO_STRICT_DEVMEM);
  }

  /**
   * The first level always, to its end. With the descent, a resource of another kind still counts
   * as matching if matching ones inside it cover all of its part of the range.
   */
  RegionOverlap regionIntersects(long start, long end, int flags, int desc) {
    meter.lock(ResourceTree.RESOURCE_LOCK);
    int scanned = 0;
    int matching = 0;
    int others = 0;
    for (int i = 0; i < nodes.size; i = nodes.next[i]) {
      scanned++;
      if (nodes.start[i] > end || nodes.end[i] < start) {
        continue;
      }
      if (Iores.matches(nodes.flags[i], nodes.desc[i], flags, desc)) {
        matching++;
        continue;
      }
      boolean covered = false;
      if (descends) {
        long open = Math.max(start, nodes.start[i]);
        long last = Math.min(end, nodes.end[i]);
        int behind = staysInSubtree || nodes.next[i] == i + 1 ? nodes.next[i] : nodes.size;
        for (int j = i + 1; j < behind; j++) {
          scanned++;
          if (nodes.start[j] > end
              || nodes.end[j] < start
              || !Iores.matches(nodes.flags[j], nodes.desc[j], flags, desc)) {
            continue;
          }
          matching++;
          if (nodes.start[j] > open) {
            break;
          }
          if (nodes.end[j] >= last) {
            covered = true;
            break;
          }
          open = Math.max(open, nodes.end[j] + 1);
        }
      }
      if (!covered) {
        others++;
      }
    }
    meter.count(ResourceTree.NODE_SCANNED, scanned);
    meter.unlock(ResourceTree.RESOURCE_LOCK);
    if (matching == 0) {
      return RegionOverlap.DISJOINT;
    }
    return others == 0 ? RegionOverlap.INTERSECTS : RegionOverlap.MIXED;
  }

  /**
   * Until v5.15 nothing is exclusive unless checks are strict, and every resource up to the range
   * is compared. Later, resources below the range are passed with all that is inside them.
   */
  boolean isExclusive(long address, long size) {
    if (!exclusiveRam && !strict) {
      return false;
    }
    meter.lock(ResourceTree.RESOURCE_LOCK);
    boolean exclusive = false;
    int scanned = 0;
    int i = 0;
    while (i < nodes.size && !exclusive) {
      scanned++;
      if (nodes.start[i] >= address + size) {
        break;
      }
      if (nodes.end[i] < address) {
        i = exclusiveRam ? nodes.next[i] : i + 1;
        continue;
      }
      exclusive = isExclusive(nodes.flags[i]);
      i++;
    }
    meter.count(ResourceTree.NODE_SCANNED, scanned);
    meter.unlock(ResourceTree.RESOURCE_LOCK);
    return exclusive;
  }

  private boolean isExclusive(int flags) {
    int exclusiveSystemRam = Iores.SYSTEM_RAM | Iores.EXCLUSIVE;
    if (exclusiveRam && (flags & exclusiveSystemRam) == exclusiveSystemRam) {
      return true;
    }
    return strict && (flags & Iores.BUSY) != 0 && (ioStrict || (flags & Iores.EXCLUSIVE) != 0);
  }

  boolean mapSanityCheck(long address, long size) {
    meter.lock(ResourceTree.RESOURCE_LOCK);
    long last = address + size - 1;
    int i = 0;
    while (i < nodes.size && !straddles(i, address, last)) {
      i++;
    }
    boolean sane = i == nodes.size;
    meter.count(ResourceTree.NODE_SCANNED, sane ? i : i + 1);
    meter.unlock(ResourceTree.RESOURCE_LOCK);
    if (!sane) {
      kernel
          .log()
          .print(
              ("resource sanity check: requesting [mem 0x%08x-0x%08x], which spans more than %s"
                      + " [mem 0x%08x-0x%08x]")
                  .formatted(address, last, nodes.name[i], nodes.start[i], nodes.end[i]));
    }
    return sane;
  }

  /** A driver's claim never counts: drivers map parts of devices. */
  private boolean straddles(int i, long address, long last) {
    if (nodes.start[i] > last || nodes.end[i] < address) {
      return false;
    }
    boolean contains =
        nodes.start[i] >>> 12 <= address >>> 12 && nodes.end[i] >>> 12 >= last >>> 12;
    return !contains && (nodes.flags[i] & Iores.BUSY) == 0;
  }
}
