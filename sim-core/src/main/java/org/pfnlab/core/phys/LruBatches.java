package org.pfnlab.core.phys;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Releases;

/**
 * The CPU's folio batches (struct cpu_fbatches in mm/swap.c, mlock_fbatch in mm/mlock.c): pages on
 * their way to an LRU list, or to another one. A page in a batch has one reference more, and that
 * is how they show: do_wp_page copies a page that has one, unless the page is not on a list yet,
 * which makes it drain the batches first.
 *
 * <p>One CPU. Left out: the lists themselves, memcg, MGLRU (recorded with CONFIG_LRU_GEN off),
 * lru_move_tail and lru_deactivate_file, which need writeback and invalidation; and the batches of
 * kernels before v6.18, which were not recorded: those drained in more places, such as munmap.
 */
public final class LruBatches implements FrameHolder {
  /** The batches exist and their references can be seen. */
  public static final Feature LRU_BATCHES =
      Feature.define(
          "LRU_BATCHES",
          "recorded in 6.18.44: references of lru_activate, lru_lazyfree, lru_deactivate and"
              + " mlock_fbatch keep do_wp_page from reusing a page",
          Releases.since("v6.18"));

  /** PAGEVEC_SIZE. */
  private static final int SIZE = 31;

  /** PageReferenced. */
  private static final int REFERENCED = 1 << 18;

  /** PageActive. */
  private static final int ACTIVE = 1 << 19;

  /** PageUnevictable. */
  private static final int UNEVICTABLE = 1 << 22;

  /** What mlock_fbatch keeps in the low bits of an entry. */
  private static final int MUNLOCK = 0;

  private static final int MLOCK = 1;
  private static final int MLOCK_NEW = 2;

  private final Frames frames;
  private final boolean exist;
  private final Batch lruAdd = new Batch();
  private final Batch lruDeactivate = new Batch();
  private final Batch lruLazyfree = new Batch();
  private final Batch lruActivate = new Batch();
  private final Batch mlock = new Batch();

  /** folio->mlock_count of unevictable pages; what others have here means nothing. */
  private final Long2IntOpenHashMap mlockCounts = new Long2IntOpenHashMap();

  /** Empty batches for pages of these frames. */
  LruBatches(Kernel kernel, Frames frames) {
    this.frames = frames;
    this.exist = kernel.has(LRU_BATCHES);
  }

  /** folio_add_lru: a new page of a page cache, or an anonymous one. */
  public void add(long pfn) {
    if (exist && push(lruAdd, pfn, pfn)) {
      flushAdd();
    }
  }

  /** folio_add_lru of a large folio, which goes straight to its list with all that waits. */
  public void addLarge(long first, int pages) {
    if (exist) {
      flushAdd();
      for (long pfn = first; pfn < first + pages; pfn++) {
        frames.set(pfn, Frames.LRU);
      }
    }
  }

  /** mlock_new_folio: a new page that is locked from the beginning. */
  public void addMlocked(long pfn) {
    if (exist) {
      frames.set(pfn, Frames.MLOCKED);
      pushMlock(pfn, MLOCK_NEW);
    }
  }

  /** mlock_folio: a page was mapped into a locked VMA, or its VMA was locked. */
  public void mlock(long pfn) {
    if (exist) {
      frames.set(pfn, Frames.MLOCKED);
      pushMlock(pfn, MLOCK);
    }
  }

  /** munlock_folio: a locked VMA lost the page, or the page's VMA its lock. */
  public void munlock(long pfn) {
    if (exist) {
      pushMlock(pfn, MUNLOCK);
    }
  }

  /** folio_set_referenced, as the fast walk of get_user_pages does it. */
  public void setReferenced(long pfn) {
    if (exist && frames.has(pfn, Frames.ANON | Frames.FILE)) {
      frames.set(pfn, REFERENCED);
    }
  }

  /** folio_mark_accessed: the second time activates the page. */
  public void markAccessed(long pfn) {
    if (!exist) {
      return;
    }
    int flags = frames.flags(pfn);
    if ((flags & (Frames.ANON | Frames.FILE)) == 0) {
      return;
    }
    if ((flags & REFERENCED) == 0) {
      frames.set(pfn, REFERENCED);
    } else if ((flags & (UNEVICTABLE | ACTIVE)) == 0) {
      frames.clear(pfn, REFERENCED);
      if ((flags & Frames.LRU) == 0) {
        if (lruAdd.contains(pfn)) {
          frames.set(pfn, ACTIVE);
        }
      } else if (push(lruActivate, pfn, pfn)) {
        flushActivate();
      }
    }
  }

  /** folio_mark_lazyfree: an anonymous page that MADV_FREE gave up. */
  public void markLazyfree(long pfn) {
    if (exist && isOnList(pfn) && mayBeLazy(pfn) && push(lruLazyfree, pfn, pfn)) {
      flushLazyfree();
    }
  }

  /** What MADV_COLD does to a page: folio_clear_referenced and folio_deactivate. */
  public void deactivate(long pfn) {
    if (!exist) {
      return;
    }
    int flags = frames.flags(pfn);
    frames.clear(pfn, REFERENCED);
    if ((flags & (UNEVICTABLE | ACTIVE)) == ACTIVE && push(lruDeactivate, pfn, pfn)) {
      flushDeactivate();
    }
  }

  /** Reclaim took the page off its list and gives it back (folio_putback_lru). */
  public void putBack(long pfn) {
    if (exist && isOnList(pfn)) {
      frames.clear(pfn, Frames.LRU);
      add(pfn);
    }
  }

  /** do_wp_page's look at a page: drains if that could free it of a reference. */
  public void drainIfOffList(long pfn) {
    if (exist && !isOnList(pfn)) {
      drain();
    }
  }

  /** lru_add_drain: every batch is emptied. */
  public void drain() {
    flushAdd();
    flushDeactivate();
    flushLazyfree();
    flushActivate();
    flushMlock();
  }

  private boolean isOnList(long pfn) {
    return frames.has(pfn, Frames.LRU);
  }

  private boolean mayBeLazy(long pfn) {
    int kind = Frames.ANON | Frames.SWAPBACKED;
    return (frames.flags(pfn) & (kind | UNEVICTABLE)) == kind;
  }

  /** Takes a reference and notes the entry; true if the batch is full then. */
  private boolean push(Batch batch, long pfn, long entry) {
    frames.hold(pfn);
    batch.entries[batch.count++] = entry;
    return batch.count == SIZE;
  }

  private void pushMlock(long pfn, int what) {
    if (push(mlock, pfn, pfn << 2 | what)) {
      flushMlock();
    }
  }

  /** lru_add. */
  private void flushAdd() {
    for (int i = 0; i < lruAdd.count; i++) {
      long pfn = lruAdd.entries[i];
      if (frames.has(pfn, Frames.MLOCKED)) {
        makeUnevictable(pfn, 0);
      }
      frames.set(pfn, Frames.LRU);
      frames.letGo(pfn);
    }
    lruAdd.count = 0;
  }

  /** lru_deactivate. */
  private void flushDeactivate() {
    for (int i = 0; i < lruDeactivate.count; i++) {
      long pfn = lruDeactivate.entries[i];
      if (isOnList(pfn) && !frames.has(pfn, UNEVICTABLE)) {
        frames.clear(pfn, ACTIVE | REFERENCED);
      }
      frames.letGo(pfn);
    }
    lruDeactivate.count = 0;
  }

  /** lru_lazyfree: the page joins the file pages. */
  private void flushLazyfree() {
    for (int i = 0; i < lruLazyfree.count; i++) {
      long pfn = lruLazyfree.entries[i];
      if (isOnList(pfn) && mayBeLazy(pfn)) {
        frames.clear(pfn, ACTIVE | REFERENCED | Frames.SWAPBACKED);
      }
      frames.letGo(pfn);
    }
    lruLazyfree.count = 0;
  }

  /** lru_activate. */
  private void flushActivate() {
    for (int i = 0; i < lruActivate.count; i++) {
      long pfn = lruActivate.entries[i];
      if (isOnList(pfn) && !frames.has(pfn, UNEVICTABLE)) {
        frames.set(pfn, ACTIVE);
      }
      frames.letGo(pfn);
    }
    lruActivate.count = 0;
  }

  /** mlock_folio_batch. */
  private void flushMlock() {
    for (int i = 0; i < mlock.count; i++) {
      long pfn = mlock.entries[i] >>> 2;
      int what = (int) mlock.entries[i] & 3;
      if (what == MUNLOCK) {
        doMunlock(pfn);
      } else if (what == MLOCK_NEW) {
        if (frames.has(pfn, Frames.MLOCKED)) {
          makeUnevictable(pfn, 1);
        }
        frames.set(pfn, Frames.LRU);
      } else if (isOnList(pfn)) {
        doMlock(pfn);
      }
      frames.letGo(pfn);
    }
    mlock.count = 0;
  }

  /** __mlock_folio. */
  private void doMlock(long pfn) {
    boolean locked = frames.has(pfn, Frames.MLOCKED);
    if (!locked) {
      frames.clear(pfn, UNEVICTABLE);
    } else if (frames.has(pfn, UNEVICTABLE)) {
      mlockCounts.addTo(pfn, 1);
    } else {
      makeUnevictable(pfn, 1);
    }
  }

  /** __munlock_folio: the last one that had it locked makes it evictable again. */
  private void doMunlock(long pfn) {
    boolean isolated = isOnList(pfn);
    if (isolated && frames.has(pfn, UNEVICTABLE)) {
      int left = Math.max(mlockCounts.get(pfn) - 1, 0);
      mlockCounts.put(pfn, left);
      if (left > 0) {
        return;
      }
    }
    frames.clear(pfn, isolated ? Frames.MLOCKED | UNEVICTABLE : Frames.MLOCKED);
  }

  private void makeUnevictable(long pfn, int mlockCount) {
    frames.clear(pfn, ACTIVE);
    frames.set(pfn, UNEVICTABLE);
    mlockCounts.put(pfn, mlockCount);
  }

  @Override
  public void addReferences(Long2IntMap references) {
    lruAdd.addReferences(references, 0);
    lruDeactivate.addReferences(references, 0);
    lruLazyfree.addReferences(references, 0);
    lruActivate.addReferences(references, 0);
    mlock.addReferences(references, 2);
  }

  /** Forgets what is in the batches, whose frames the machine has forgotten already. */
  public void reset() {
    lruAdd.count = 0;
    lruDeactivate.count = 0;
    lruLazyfree.count = 0;
    lruActivate.count = 0;
    mlock.count = 0;
    mlockCounts.clear();
  }

  /** struct folio_batch. */
  private static final class Batch {
    final long[] entries = new long[SIZE];
    int count;

    boolean contains(long pfn) {
      for (int i = count - 1; i >= 0; i--) {
        if (entries[i] == pfn) {
          return true;
        }
      }
      return false;
    }

    void addReferences(Long2IntMap references, int shift) {
      for (int i = 0; i < count; i++) {
        references.mergeInt(entries[i] >>> shift, 1, Integer::sum);
      }
    }
  }
}
