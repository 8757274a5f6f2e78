package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.PteTarget;

/** The list of memtype reservations, compared with what it was when the case began. */
final class MemtypeWatch {
  /**
   * A reservation.
   *
   * @param start first byte
   * @param end first byte behind
   * @param type as pat_memtype_list names it
   */
  private record Entry(long start, long end, String type) {}

  private final Memtypes memtypes;
  private final @Nullable ObjectUnderTest object;
  private final List<Entry> base;

  /** Watches from now on. */
  MemtypeWatch(Memtypes memtypes, @Nullable ObjectUnderTest object) {
    this.memtypes = memtypes;
    this.object = object;
    this.base = list();
  }

  private List<Entry> list() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < memtypes.count(); i++) {
      entries.add(new Entry(memtypes.start(i), memtypes.end(i), memtypes.type(i).kernelName()));
    }
    return entries;
  }

  /** What is new, in the order of the list. */
  ArrayNode added() {
    List<Entry> old = new ArrayList<>(base);
    ArrayNode added = JsonNodeFactory.instance.arrayNode();
    for (Entry entry : list()) {
      if (!old.remove(entry)) {
        put(added, entry);
      }
    }
    return added;
  }

  /** How many are gone. */
  int lost() {
    List<Entry> now = list();
    int lost = 0;
    for (Entry entry : base) {
      lost += now.remove(entry) ? 0 : 1;
    }
    return lost;
  }

  private void put(ArrayNode list, Entry entry) {
    PteTarget target = object == null ? PteTarget.OTHER : object.target(entry.start >>> 12);
    boolean known = target.what() != PteTarget.What.OTHER;
    long first = known ? target.page() : entry.start >> 12;
    list.addObject()
        .put("base", known ? target.what().label() : "phys")
        .put("start_page", first)
        .put("end_page", first + ((entry.end - entry.start) >> 12))
        .put("type", entry.type);
  }
}
