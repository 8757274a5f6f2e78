package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;

/**
 * PG_readahead of an object's pages. A large folio has one mark for all its pages; each page of it
 * remembers where the folio begins.
 */
final class ReadaheadMarks {
  private final Long2LongOpenHashMap folios = new Long2LongOpenHashMap();

  /** No page has one. */
  ReadaheadMarks() {
    folios.defaultReturnValue(-1);
  }

  /** Marks the folio of the pages [first, behind). */
  void set(long first, long behind) {
    for (long index = first; index < behind; index++) {
      folios.put(index, first);
    }
  }

  boolean has(long index) {
    return folios.containsKey(index);
  }

  /** First page of the marked folio that this page belongs to. */
  long folio(long index) {
    return folios.get(index);
  }

  /** Takes the folio's mark away and returns how many pages the folio has. */
  int clear(long index) {
    long first = folios.get(index);
    int pages = 0;
    while (folios.get(first + pages) == first) {
      folios.remove(first + pages);
      pages++;
    }
    return pages;
  }

  /** The page has left the cache: its folio was split, and only the first page keeps the mark. */
  void forget(long index) {
    if (has(index)) {
      long first = folios.get(index);
      clear(index);
      if (first != index) {
        set(first, first + 1);
      }
    }
  }
}
