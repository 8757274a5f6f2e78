package org.pfnlab.core.iomem;

import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EINVAL;
import static org.pfnlab.core.kernel.Errno.ENODEV;

import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceArrays.Node;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * The tree of physical address ranges that /proc/iomem shows (iomem_resource, kernel/resource.c):
 * who owns which range, and the walks that ask it, most of all "is this page RAM?".
 *
 * <p>Walks visit the resources that the kernel of the given era visits, in its order, and count
 * them; underneath, the nodes lie in flat arrays. The root "PCI mem" covers everything and is no
 * node: it is never visited. All addresses are bytes below 2^63, ends inclusive.
 *
 * <p>A resource is known by its index, its place in pre-order, which changes with the tree; and by
 * its handle, which does not. The root's handle is {@link #ROOT}.
 *
 * <p>Left out: I/O ports, IORESOURCE_MUXED, the revocation of /dev/mem mappings when a driver
 * claims a region.
 */
public final class ResourceTree {
  /** A resource compared by find_next_iomem_res, the one that ends the walk included. */
  public static final Event NODE_VISITED =
      Event.define("iomem.node_visited", "resource compared by find_next_iomem_res");

  /** Ranges of System RAM compared by a search among them; no release has one. */
  public static final Event INDEX_STEP =
      Event.define("iomem.index_step", "range of System RAM compared in an index");

  /** A resource compared by another walk: region_intersects, the exclusive and sanity checks. */
  public static final Event NODE_SCANNED =
      Event.define(
          "iomem.node_scanned", "resource compared by a walk other than find_next_iomem_res");

  /** A call of find_next_iomem_res. */
  public static final Event FIND_NEXT =
      Event.define("iomem.find_next", "search for the next matching resource");

  /** A call of walk_system_ram_range. */
  public static final Event WALK_SYSTEM_RAM_RANGE =
      Event.define("iomem.walk_system_ram_range", "walk over the System RAM of a range");

  /** A call of region_intersects. */
  public static final Event REGION_INTERSECTS =
      Event.define("iomem.region_intersects", "test of what kind of memory a range is");

  /** resource_lock, taken for reading or writing. */
  public static final Event RESOURCE_LOCK =
      Event.define("iomem.resource_lock", "resource_lock taken");

  /** The handle of the root. */
  public static final int ROOT = 0;

  private static final int PAGE_SHIFT = 12;
  private static final long PAGE_SIZE = 1L << PAGE_SHIFT;

  private final Kernel kernel;
  private final Meter meter;
  private final ResourceWalk walk;
  private final ResourceWalk memResWalk;
  private final ResourceArrays nodes;
  private final ResourceRequests requests;
  private final NodeSearch search;
  private final boolean hasIndex;
  private final RamIndex ramIndex = new RamIndex();
  private boolean indexKnown;
  private final RegionChecks checks;

  private long foundStart;
  private long foundEnd;
  private int found;

  /** An empty tree. */
  public ResourceTree(Kernel kernel) {
    this(kernel, new ResourceArrays(16));
  }

  ResourceTree(Kernel kernel, ResourceArrays nodes) {
    this.kernel = kernel;
    this.nodes = nodes;
    meter = kernel.meter;
    walk = ResourceWalk.of(kernel);
    memResWalk =
        kernel.has(IomemFeatures.WALK_MEM_RES_FIRST_LEVEL) ? ResourceWalk.FIRST_LEVEL : walk;
    requests = new ResourceRequests(nodes);
    search = new NodeSearch(nodes, kernel.has(IomemFeatures.IOMEM_CACHES_TOP));
    hasIndex = kernel.has(IomemFeatures.IOMEM_RAM_INDEX);
    checks = new RegionChecks(kernel, nodes);
  }

  /** The same resources for another kernel. */
  public ResourceTree copyFor(Kernel other) {
    return new ResourceTree(other, new ResourceArrays(nodes));
  }

  /** How many resources there are; indices run from 0, in pre-order. */
  public int size() {
    return nodes.size;
  }

  /** First byte of a resource. */
  public long start(int index) {
    return nodes.start[checkIndex(index)];
  }

  /** Last byte of a resource. */
  public long end(int index) {
    return nodes.end[checkIndex(index)];
  }

  /** What /proc/iomem calls it; null prints as {@code <BAD>}. */
  public @Nullable String name(int index) {
    return nodes.name[checkIndex(index)];
  }

  /** Its {@link Iores} flags. */
  public int flags(int index) {
    return nodes.flags[checkIndex(index)];
  }

  /** Its {@link Iores} description. */
  public int desc(int index) {
    return nodes.desc[checkIndex(index)];
  }

  /** How many resources it lies in; 0 on the first level. */
  public int depth(int index) {
    return nodes.depth[checkIndex(index)];
  }

  /** The first index behind it and everything inside it. */
  public int next(int index) {
    return nodes.next[checkIndex(index)];
  }

  /** The lasting name of the resource at this index. */
  public int handle(int index) {
    return nodes.handle[checkIndex(index)];
  }

  /** Where the resource with this handle is now, or -1. */
  public int indexOf(int handle) {
    return nodes.indexOf(handle);
  }

  /** The kernel that this tree belongs to. */
  public Kernel kernel() {
    return kernel;
  }

  /** How find_next_iomem_res walks here. */
  public ResourceWalk walk() {
    return walk;
  }

  private int checkIndex(int index) {
    if (index < 0 || index >= nodes.size) {
      throw new IndexOutOfBoundsException(
          "no resource "
              + index
              + " in a tree of "
              + nodes.size
              + "; indices change with the tree");
    }
    return index;
  }

  private int parentIndex(int handle) {
    if (handle == ROOT) {
      return ResourceRequests.ROOT;
    }
    int index = nodes.indexOf(handle);
    if (index < 0) {
      throw new IllegalArgumentException(
          "no resource with handle " + handle + " is in the tree; it was released");
    }
    return index;
  }

  /**
   * request_resource: a new child of a resource, between its present children.
   *
   * @return the handle, or -EBUSY if it overlaps a child or is not inside the parent
   */
  public long requestResource(
      int parent, long start, long end, @Nullable String name, int flags, int desc) {
    return changed(requests.request(parentIndex(parent), new Node(start, end, name, flags, desc)));
  }

  /**
   * insert_resource: as deep as it fits; resources that it covers become its children, and so does
   * one of the same range.
   *
   * @return the handle, or -EBUSY if it overlaps a resource partly
   */
  public long insertResource(
      int parent, long start, long end, @Nullable String name, int flags, int desc) {
    return changed(requests.insert(parentIndex(parent), new Node(start, end, name, flags, desc)));
  }

  /**
   * insert_resource_expand_to_fit: as {@link #insertResource}, but grows over what it partly
   * overlaps.
   *
   * @return the handle, or -EBUSY if the range itself is impossible
   */
  public long insertResourceExpandToFit(
      long start, long end, @Nullable String name, int flags, int desc) {
    Node node = new Node(start, end, name, flags, desc);
    for (; ; ) {
      int handle = requests.insert(ResourceRequests.ROOT, node);
      int conflict = requests.conflicting();
      if (handle != 0 || conflict == ResourceRequests.ROOT) {
        return changed(handle);
      }
      node =
          new Node(
              Math.min(node.start(), nodes.start[conflict]),
              Math.max(node.end(), nodes.end[conflict]),
              name,
              flags,
              desc);
      kernel
          .log()
          .print("Expanded resource " + name + " due to conflict with " + nodes.name[conflict]);
    }
  }

  /**
   * request_mem_region: a driver claims a range, inside whatever unclaimed resources contain it.
   *
   * @param start first byte
   * @param length in bytes
   * @return the handle, or -EBUSY where the kernel returns NULL
   */
  public long requestMemRegion(long start, long length, String name) {
    return changed(requests.requestRegion(start, start + length - 1, name, 0));
  }

  /** request_mem_region_exclusive: the same, and userland may not map it. */
  public long requestMemRegionExclusive(long start, long length, String name) {
    return changed(requests.requestRegion(start, start + length - 1, name, Iores.EXCLUSIVE));
  }

  private long changed(int handle) {
    indexKnown = false;
    meter.lock(RESOURCE_LOCK);
    meter.unlock(RESOURCE_LOCK);
    return handle != 0 ? handle : -EBUSY;
  }

  /**
   * release_mem_region: the claimed region of exactly this range goes.
   *
   * @return 0, or -EINVAL where the kernel only warns that there is none
   */
  public long releaseMemRegion(long start, long length) {
    meter.lock(RESOURCE_LOCK);
    boolean gone = requests.releaseRegion(start, start + length - 1);
    indexKnown = false;
    meter.unlock(RESOURCE_LOCK);
    if (!gone) {
      kernel
          .log()
          .print(
              "Trying to free nonexistent resource <%016x-%016x>"
                  .formatted(start, start + length - 1));
    }
    return gone ? 0 : -EINVAL;
  }

  /**
   * release_resource: the resource goes, with everything inside it.
   *
   * @return 0, or -EINVAL if it is not in the tree
   */
  public long releaseResource(int handle) {
    return release(handle, true);
  }

  /**
   * remove_resource: the resource goes, its children take its place.
   *
   * @return 0, or -EINVAL if it is not in the tree
   */
  public long removeResource(int handle) {
    return release(handle, false);
  }

  private long release(int handle, boolean withChildren) {
    meter.lock(RESOURCE_LOCK);
    int index = nodes.indexOf(handle);
    indexKnown = false;
    if (index >= 0) {
      requests.release(index, withChildren);
    }
    meter.unlock(RESOURCE_LOCK);
    return index >= 0 ? 0 : -EINVAL;
  }

  /**
   * find_next_iomem_res: the first resource that overlaps [start, end] and matches. What was found
   * is in {@link #foundStart}, {@link #foundEnd} and {@link #foundIndex}.
   *
   * @param start first byte
   * @param end last byte
   * @param flags {@link Iores} flags that must all be set
   * @param desc the {@link Iores} description, or DESC_NONE for any
   * @return 0, -ENODEV if there is none, -EINVAL unless start is below end
   */
  public long findNext(long start, long end, int flags, int desc) {
    return findNext(walk, start, end, flags, desc);
  }

  private long findNext(ResourceWalk how, long start, long end, int flags, int desc) {
    meter.count(FIND_NEXT);
    if (start >= end) {
      return -EINVAL;
    }
    meter.lock(RESOURCE_LOCK);
    int index = search.find(how, start, end, flags, desc);
    meter.count(NODE_VISITED, search.visited);
    meter.unlock(RESOURCE_LOCK);
    if (index < 0) {
      return -ENODEV;
    }
    found = index;
    foundStart = Math.max(start, nodes.start[index]);
    foundEnd = Math.min(end, nodes.end[index]);
    return 0;
  }

  /** First byte of what {@link #findNext} found, cut to its range. */
  public long foundStart() {
    return foundStart;
  }

  /** Last byte of what {@link #findNext} found, cut to its range. */
  public long foundEnd() {
    return foundEnd;
  }

  /** The index of what {@link #findNext} found. */
  public int foundIndex() {
    return found;
  }

  /**
   * How many resources a walk compares to learn whether the page at an address is RAM; counts
   * nothing.
   */
  public int visitsOfRamTest(long address, ResourceWalk how) {
    long start = address & -PAGE_SIZE;
    search.forget();
    search.find(how, start, start + PAGE_SIZE - 1, Iores.SYSTEM_RAM | Iores.BUSY, Iores.DESC_NONE);
    search.forget();
    return search.visited;
  }

  /** What walks remember of each other is forgotten. */
  public void forgetWalks() {
    search.forget();
  }

  /** Whether tests for RAM may ask {@link #isRamByIndex}. */
  public boolean hasRamIndex() {
    return hasIndex;
  }

  /** Whether a page frame is wholly System RAM: what {@link #pageIsRam} says, without a walk. */
  public boolean isRamByIndex(long pfn) {
    if (!indexKnown) {
      ramIndex.build(nodes);
      indexKnown = true;
    }
    meter.lock(RESOURCE_LOCK);
    boolean ram = ramIndex.contains(pfn);
    meter.count(INDEX_STEP, ramIndex.steps);
    meter.unlock(RESOURCE_LOCK);
    return ram;
  }

  /**
   * walk_system_ram_range: visits the System RAM of a range of page frames.
   *
   * @return what the visitor last returned, -EINVAL if it was never called. A piece without a whole
   *     page is not shown to the visitor, and ends the walk if it is the first
   */
  public long walkSystemRamRange(long pfn, long pages, RamVisitor visitor) {
    meter.count(WALK_SYSTEM_RAM_RANGE);
    long start = pfn << PAGE_SHIFT;
    long end = ((pfn + pages) << PAGE_SHIFT) - 1;
    long result = -EINVAL;
    while (start < end
        && findNext(start, end, Iores.SYSTEM_RAM | Iores.BUSY, Iores.DESC_NONE) == 0) {
      long first = (foundStart + PAGE_SIZE - 1) >>> PAGE_SHIFT;
      long behind = (foundEnd + 1) >>> PAGE_SHIFT;
      long goOn = foundEnd + 1;
      if (behind > first) {
        result = visitor.visit(first, behind - first);
      }
      if (result != 0) {
        break;
      }
      start = goOn;
    }
    return result;
  }

  /** page_is_ram: whether the page frame is System RAM; one walk. */
  public boolean pageIsRam(long pfn) {
    return walkSystemRamRange(pfn, 1, (first, pages) -> 1) == 1;
  }

  /**
   * walk_mem_res: visits the claimed memory resources of a range, as ioremap does; until v5.12 only
   * those of the first level.
   *
   * @param start first byte
   * @param end last byte
   * @return what the visitor last returned, -EINVAL if it was never called
   */
  public long walkMemRes(long start, long end, ResourceVisitor visitor) {
    long from = start;
    long result = -EINVAL;
    while (from < end
        && findNext(memResWalk, from, end, Iores.MEM | Iores.BUSY, Iores.DESC_NONE) == 0) {
      long goOn = foundEnd + 1;
      result = visitor.visit(foundStart, foundEnd, nodes.flags[found]);
      if (result != 0) {
        break;
      }
      from = goOn;
    }
    return result;
  }

  /**
   * region_intersects: whether a range holds memory of a kind, and of others.
   *
   * @param start first byte
   * @param size in bytes
   * @param flags {@link Iores} flags of the kind
   * @param desc {@link Iores} description of the kind, or DESC_NONE for any
   */
  public RegionOverlap regionIntersects(long start, long size, int flags, int desc) {
    meter.count(REGION_INTERSECTS);
    return checks.regionIntersects(start, start + size - 1, flags, desc);
  }

  /**
   * iomem_is_exclusive, resource_is_exclusive: whether userland may not map a range.
   *
   * @param address first byte
   * @param size in bytes; iomem_is_exclusive asks for one page
   */
  public boolean isExclusive(long address, long size) {
    return checks.isExclusive(address, size);
  }

  /**
   * iomem_map_sanity_check: whether a range to be mapped lies within what one device owns. Looks at
   * every resource; a range that straddles one is warned about.
   *
   * @param address first byte
   * @param size in bytes
   */
  public boolean mapSanityCheck(long address, long size) {
    return checks.mapSanityCheck(address, size);
  }

  /**
   * Recounts the tree's shape: order, containment, disjoint siblings, and what was derived from
   * them.
   *
   * @throws IllegalStateException saying what is wrong
   */
  public void checkInvariants() {
    TreeCheck.check(nodes);
  }

  /** How many digits short addresses are padded to in print: 8, or 4 as I/O ports have. */
  int digits() {
    return nodes.digits;
  }

  ResourceArrays nodes() {
    return nodes;
  }
}
