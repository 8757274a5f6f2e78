package org.pfnlab.core.mm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The VMAs of one address space, sorted by address and free of overlaps: what mm_rb was in v5.11
 * and the maple tree is since v6.1.
 *
 * <p>A sorted array with binary search and the last hit remembered: every lookup answers what the
 * kernel's tree answers, and an address space of the permitted 65,530 VMAs still moves at most half
 * a megabyte to insert one. A VMA may grow or shrink in place as long as it overtakes no neighbour.
 */
public final class VmaTree {
  private @Nullable Vma[] vmas = new Vma[8];
  private int size;
  private int last;

  /** Number of VMAs (map_count). */
  public int size() {
    return size;
  }

  /** The i-th VMA by address. */
  public Vma get(int i) {
    Vma vma = vmas[i];
    if (i >= size || vma == null) {
      throw new IndexOutOfBoundsException("VMA " + i + " of " + size);
    }
    return vma;
  }

  /** Position of the first VMA that ends behind the address; {@link #size} if there is none. */
  public int indexFrom(long address) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (get(middle).end <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** find_vma: the first VMA that ends behind the address, which may begin behind it too. */
  public @Nullable Vma find(long address) {
    if (last < size) {
      Vma hit = get(last);
      if (hit.contains(address)) {
        return hit;
      }
    }
    int i = indexFrom(address);
    if (i == size) {
      return null;
    }
    last = i;
    return get(i);
  }

  /** vma_lookup: the VMA that contains the address, or null. */
  public @Nullable Vma lookup(long address) {
    Vma vma = find(address);
    return vma != null && vma.start <= address ? vma : null;
  }

  /** find_vma_intersection: the first VMA that overlaps [start, end), or null. */
  public @Nullable Vma intersection(long start, long end) {
    Vma vma = find(start);
    return vma != null && vma.start < end ? vma : null;
  }

  /** The VMA before this address: the last one that begins below it and does not contain it. */
  public @Nullable Vma previous(long address) {
    int i = indexFrom(address) - 1;
    return i >= 0 ? get(i) : null;
  }

  /** The VMA behind this one. */
  public @Nullable Vma next(Vma vma) {
    int i = indexFrom(vma.start) + 1;
    return i < size ? get(i) : null;
  }

  /**
   * Inserts.
   *
   * @throws IllegalStateException if it overlaps another VMA
   */
  public void insert(Vma vma) {
    int i = indexFrom(vma.start);
    if (vma.start >= vma.end || (i < size && get(i).start < vma.end)) {
      throw new IllegalStateException(vma + " is empty or overlaps " + (i < size ? get(i) : null));
    }
    if (size == vmas.length) {
      vmas = Arrays.copyOf(vmas, size * 2);
    }
    System.arraycopy(vmas, i, vmas, i + 1, size - i);
    vmas[i] = vma;
    size++;
  }

  /**
   * Removes.
   *
   * @throws IllegalStateException if it is not here
   */
  public void remove(Vma vma) {
    int i = indexFrom(vma.start);
    if (i >= size || vmas[i] != vma) {
      throw new IllegalStateException(vma + " is not in this tree");
    }
    System.arraycopy(vmas, i + 1, vmas, i, size - i - 1);
    vmas[--size] = null;
  }

  /** Removes everything. */
  public void clear() {
    Arrays.fill(vmas, 0, size, null);
    size = 0;
  }
}
