package org.pfnlab.core.mm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The VMAs of one address space, sorted by address and free of overlaps: what mm_rb was in v5.11
 * and the maple tree is since v6.1.
 *
 * <pre>
 *   lasts    [ 9000     | 4f000       | 80000   ]   the end of each leaf's last VMA
 *   leaves   [  |            |             |    ]
 *             starts ends   ...           ...       up to 64 VMAs each
 *   gaps     [ 3000     | 1000        | 2f000   ]   no hole in front of a VMA is longer
 * </pre>
 *
 * <p>Two levels are enough for a million VMAs: a lookup searches two flat arrays and looks at no
 * VMA. Where the last one ended is remembered (as vmacache did until v6.0); neighbouring lookups
 * begin there. A VMA may grow or shrink in place by {@link Vma#setRange} as long as it overtakes no
 * neighbour.
 */
public final class VmaTree {
  private static final long MIN = Long.MIN_VALUE;

  private VmaLeaf[] leaves = new VmaLeaf[1];
  private long[] lasts = new long[1];
  private int leafCount;
  private int size;
  private final LeafGaps gaps = new LeafGaps();

  // The place of the last search: the first VMA that ends behind any address of [low, high); the
  // one behind it, if it is in the same leaf, is that of [high, beyond).
  private int leaf;
  private int slot;
  private long low = MIN;
  private long high = Long.MAX_VALUE;
  private long beyond = Long.MAX_VALUE;

  // How many VMAs come before one of the leaves, for access by position.
  private int rankLeaf;
  private int rank;

  /** Number of VMAs (map_count). */
  public int size() {
    return size;
  }

  /** The i-th VMA by address; cheap for positions asked in order. */
  public Vma get(int i) {
    if (i < 0 || i >= size) {
      throw new IndexOutOfBoundsException("VMA " + i + " of " + size);
    }
    while (i < rank) {
      rank -= leaves[--rankLeaf].count;
    }
    while (i >= rank + leaves[rankLeaf].count) {
      rank += leaves[rankLeaf++].count;
    }
    return leaves[rankLeaf].get(i - rank);
  }

  /** Position of the first VMA that ends behind the address; {@link #size} if there is none. */
  public int indexFrom(long address) {
    seek(address);
    while (rankLeaf > leaf) {
      rank -= leaves[--rankLeaf].count;
    }
    while (rankLeaf < leaf) {
      rank += leaves[rankLeaf++].count;
    }
    return rank + slot;
  }

  /** find_vma: the first VMA that ends behind the address, which may begin behind it too. */
  public @Nullable Vma find(long address) {
    seek(address);
    return leaf < leafCount ? leaves[leaf].vmas[slot] : null;
  }

  /** vma_lookup: the VMA that contains the address, or null. */
  public @Nullable Vma lookup(long address) {
    seek(address);
    if (leaf == leafCount) {
      return null;
    }
    VmaLeaf at = leaves[leaf];
    return at.starts[slot] <= address ? at.vmas[slot] : null;
  }

  /** find_vma_intersection: the first VMA that overlaps [start, end), or null. */
  public @Nullable Vma intersection(long start, long end) {
    seek(start);
    if (leaf == leafCount) {
      return null;
    }
    VmaLeaf at = leaves[leaf];
    return at.starts[slot] < end ? at.vmas[slot] : null;
  }

  /** The VMA before this address: the last one that begins below it and does not contain it. */
  public @Nullable Vma previous(long address) {
    seek(address);
    if (slot > 0) {
      return leaves[leaf].vmas[slot - 1];
    }
    return leaf > 0 ? leaves[leaf - 1].get(leaves[leaf - 1].count - 1) : null;
  }

  /** The VMA that ends right at this address, or null. */
  public @Nullable Vma endingAt(long address) {
    seek(address);
    return low == address ? previous(address) : null;
  }

  /** The VMA that begins right at this address, or null. */
  public @Nullable Vma startingAt(long address) {
    seek(address);
    return leaf < leafCount && leaves[leaf].starts[slot] == address
        ? leaves[leaf].vmas[slot]
        : null;
  }

  /** The VMA behind this one. */
  public @Nullable Vma next(Vma vma) {
    seek(vma.start);
    if (leaf == leafCount) {
      return null;
    }
    if (slot + 1 < leaves[leaf].count) {
      return leaves[leaf].vmas[slot + 1];
    }
    return leaf + 1 < leafCount ? leaves[leaf + 1].vmas[0] : null;
  }

  /** Moves to the first VMA that ends behind the address, or behind the last leaf. */
  private void seek(long address) {
    // both as one unsigned comparison: random addresses fail them always, and cheaply
    if (address - low + MIN < high - low + MIN) {
      return;
    }
    if (address - high + MIN < beyond - high + MIN) {
      slot++;
      remember();
      return;
    }
    search(address);
  }

  private void search(long address) {
    int at = VmaLeaf.firstAbove(lasts, leafCount, address);
    leaf = at;
    slot = at < leafCount ? leaves[at].firstBehind(address) : 0;
    remember();
  }

  /** Says for which addresses the present place answers, and for which the one behind it. */
  private void remember() {
    long before = endBefore(leaf, slot);
    low = before == 0 ? MIN : before;
    if (leaf == leafCount) {
      high = Long.MAX_VALUE;
      beyond = high;
      return;
    }
    VmaLeaf here = leaves[leaf];
    high = here.ends[slot];
    beyond = slot + 1 < here.count ? here.ends[slot + 1] : high;
  }

  private long endBefore(int at, int before) {
    if (before > 0) {
      return leaves[at].ends[before - 1];
    }
    return at > 0 ? lasts[at - 1] : 0;
  }

  /**
   * Inserts.
   *
   * @throws IllegalStateException if it overlaps another VMA
   */
  public void insert(Vma vma) {
    Vma overlapped = vma.start < vma.end ? intersection(vma.start, vma.end) : vma;
    if (overlapped != null) {
      throw new IllegalStateException(vma + " is empty or overlaps " + overlapped);
    }
    makeRoom();
    leaves[leaf].insert(slot, vma);
    vma.linked = true;
    size++;
    settle();
  }

  /**
   * Finds or makes a leaf with room for a VMA at the present place. A leaf that is full up to its
   * border stays full, so that VMAs in order of address fill leaves to the brim.
   */
  private void makeRoom() {
    boolean beforeAll = slot == 0;
    if (beforeAll && leaf > 0 && (leaf == leafCount || leaves[leaf].isFull())) {
      leaf--;
      slot = leaves[leaf].count;
    }
    if (leaf == leafCount) {
      addLeaf(leaf, new VmaLeaf());
    } else if (leaves[leaf].isFull()) {
      if (slot == VmaLeaf.CAPACITY) {
        addLeaf(++leaf, new VmaLeaf());
        slot = 0;
      } else if (slot == 0) {
        addLeaf(leaf, new VmaLeaf());
      } else {
        halve();
      }
    }
  }

  private void halve() {
    int half = VmaLeaf.CAPACITY / 2;
    VmaLeaf lower = leaves[leaf];
    long bound = gaps.bound(leaf);
    addLeaf(leaf + 1, lower.splitAt(half));
    lasts[leaf + 1] = lasts[leaf];
    lasts[leaf] = lower.ends[half - 1];
    gaps.raise(leaf + 1, bound);
    if (slot > half) {
      leaf++;
      slot -= half;
    }
  }

  /** After a change of the VMA at the present place or of what was there: borders, holes, place. */
  private void settle() {
    if (rankLeaf >= leaf) {
      rankLeaf = 0;
      rank = 0;
    }
    if (leaf < leafCount) {
      VmaLeaf here = leaves[leaf];
      lasts[leaf] = here.ends[here.count - 1];
      gaps.raise(leaf, here.starts[slot] - endBefore(leaf, slot));
      if (slot + 1 < here.count) {
        gaps.raise(leaf, here.starts[slot + 1] - here.ends[slot]);
      } else if (leaf + 1 < leafCount) {
        gaps.raise(leaf + 1, leaves[leaf + 1].starts[0] - here.ends[slot]);
      }
    }
    remember();
  }

  /**
   * Removes.
   *
   * @throws IllegalStateException if it is not here
   */
  public void remove(Vma vma) {
    require(vma);
    VmaLeaf here = leaves[leaf];
    here.remove(slot);
    vma.linked = false;
    size--;
    if (here.count == 0) {
      dropLeaf(leaf);
      slot = 0;
    } else {
      lasts[leaf] = here.ends[here.count - 1];
      if (leaf + 1 < leafCount && here.count + leaves[leaf + 1].count <= VmaLeaf.CAPACITY / 2) {
        gaps.raise(leaf, gaps.bound(leaf + 1));
        here.append(leaves[leaf + 1]);
        lasts[leaf] = lasts[leaf + 1];
        dropLeaf(leaf + 1);
      }
      if (slot == here.count) {
        leaf++;
        slot = 0;
      }
    }
    settle();
  }

  private void require(Vma vma) {
    seek(vma.start);
    if (leaf == leafCount || leaves[leaf].vmas[slot] != vma) {
      throw new IllegalStateException(vma + " is not in this tree");
    }
  }

  /** Gives a VMA other borders, between its neighbours. */
  void resize(Vma vma, long start, long end) {
    require(vma);
    VmaLeaf here = leaves[leaf];
    if (start >= end || start < endBefore(leaf, slot) || end > startBehind()) {
      throw new IllegalStateException(
          vma + " cannot become %x-%x: empty, or over a neighbour".formatted(start, end));
    }
    here.starts[slot] = start;
    here.ends[slot] = end;
    settle();
  }

  private long startBehind() {
    VmaLeaf here = leaves[leaf];
    if (slot + 1 < here.count) {
      return here.starts[slot + 1];
    }
    return leaf + 1 < leafCount ? leaves[leaf + 1].starts[0] : Long.MAX_VALUE;
  }

  private void addLeaf(int at, VmaLeaf fresh) {
    if (leafCount == leaves.length) {
      leaves = Arrays.copyOf(leaves, 2 * leafCount);
      lasts = Arrays.copyOf(lasts, 2 * leafCount);
    }
    System.arraycopy(leaves, at, leaves, at + 1, leafCount - at);
    System.arraycopy(lasts, at, lasts, at + 1, leafCount - at);
    gaps.insert(at, leafCount);
    leaves[at] = fresh;
    leafCount++;
  }

  private void dropLeaf(int at) {
    gaps.remove(at, leafCount);
    leafCount--;
    System.arraycopy(leaves, at + 1, leaves, at, leafCount - at);
    System.arraycopy(lasts, at + 1, lasts, at, leafCount - at);
    leaves[leafCount] = null;
  }

  /**
   * The highest hole below an address (vm_unmapped_area, top down), guards of stacks not looked at.
   *
   * @param top the hole ends here or below
   * @param length bytes that it must have
   * @param floor where the lowest hole begins
   * @return the end of the hole, or -1 if there is none
   */
  public long highestHole(long top, long length, long floor) {
    seek(top);
    long end = leaf < leafCount ? Math.min(top, leaves[leaf].starts[slot]) : top;
    if (end - Math.max(endBefore(leaf, slot), floor) >= length) {
      return end;
    }
    int at = leaf;
    if (at < leafCount) {
      end = highestHole(at, slot - 1, length, floor);
      if (end >= 0) {
        return end;
      }
    }
    while ((at = gaps.lastWith(length, at - 1, leafCount)) >= 0) {
      end = highestHole(at, leaves[at].count - 1, length, floor);
      if (end >= 0) {
        return end;
      }
      gaps.set(at, longestHole(at), leafCount);
    }
    return -1;
  }

  /** The same in front of the VMAs of one leaf up to a slot. */
  private long highestHole(int at, int from, long length, long floor) {
    VmaLeaf in = leaves[at];
    long[] starts = in.starts;
    long[] ends = in.ends;
    for (int i = from; i > 0; i--) {
      if (starts[i] - Math.max(ends[i - 1], floor) >= length) {
        return starts[i];
      }
    }
    return from >= 0 && starts[0] - Math.max(endBefore(at, 0), floor) >= length ? starts[0] : -1;
  }

  private long longestHole(int at) {
    VmaLeaf in = leaves[at];
    long longest = in.starts[0] - endBefore(at, 0);
    for (int i = 1; i < in.count; i++) {
      longest = Math.max(longest, in.starts[i] - in.ends[i - 1]);
    }
    return longest;
  }

  /** Removes everything. */
  public void clear() {
    for (int i = 0; i < leafCount; i++) {
      for (int k = 0; k < leaves[i].count; k++) {
        leaves[i].get(k).linked = false;
      }
    }
    Arrays.fill(leaves, 0, leafCount, null);
    gaps.clear();
    leafCount = 0;
    size = 0;
    rankLeaf = 0;
    rank = 0;
    leaf = 0;
    slot = 0;
    remember();
  }

  /**
   * Compares what the tree knows about its VMAs with the VMAs.
   *
   * @throws IllegalStateException naming the first VMA that the tree would not find
   */
  public void checkInvariants() {
    long behind = 0;
    int counted = 0;
    for (int i = 0; i < leafCount; i++) {
      VmaLeaf in = leaves[i];
      for (int k = 0; k < in.count; k++) {
        Vma vma = in.get(k);
        if (vma.start != in.starts[k] || vma.end != in.ends[k] || !vma.linked) {
          throw new IllegalStateException(vma + " was moved behind the back of its tree");
        }
        if (vma.start >= vma.end || vma.start < behind) {
          throw new IllegalStateException(vma + " is empty or out of order");
        }
        behind = vma.end;
      }
      counted += in.count;
      if (in.count == 0 || lasts[i] != behind || longestHole(i) > gaps.bound(i)) {
        throw new IllegalStateException("leaf " + i + " is empty or not as its tree knows it");
      }
    }
    if (counted != size) {
      throw new IllegalStateException("the tree counts " + size + " VMAs, but has " + counted);
    }
  }
}
