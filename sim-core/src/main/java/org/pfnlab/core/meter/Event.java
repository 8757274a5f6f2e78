package org.pfnlab.core.meter;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;

/**
 * Something that the modelled kernel does and that is worth counting: a resource node visited, a
 * memtype looked up, a lock taken.
 *
 * <p>An event is a concept, not a symbol: which ftrace symbol of which kernel it equals is data
 * that lives with the referee. Events are open: every room and every driver defines its own
 * constants, and each gets a dense id that indexes the counters of a {@link Meter}.
 */
public final class Event {
  private static final List<Event> ALL = new ArrayList<>();

  private final int id;
  private final String name;
  private final String meaning;

  private Event(int id, String name, String meaning) {
    this.id = id;
    this.name = name;
    this.meaning = meaning;
  }

  /**
   * Defines an event; call it once, from a static initialiser.
   *
   * @param name dotted, lower case: {@code iomem.node_visited}
   * @param meaning what one count stands for, in a few words
   * @throws IllegalArgumentException if the name is taken
   */
  public static synchronized Event define(String name, String meaning) {
    for (Event event : ALL) {
      if (event.name.equals(name)) {
        throw new IllegalArgumentException(
            "event " + name + " is defined twice; choose another name");
      }
    }
    Event event = new Event(ALL.size(), name, meaning);
    ALL.add(event);
    return event;
  }

  /** All events of the classes loaded so far, by id. */
  public static synchronized ImmutableList<Event> all() {
    return ImmutableList.copyOf(ALL);
  }

  static synchronized int defined() {
    return ALL.size();
  }

  /** The index of this event's counter. */
  public int id() {
    return id;
  }

  /** The dotted name. */
  public String name() {
    return name;
  }

  /** What one count stands for. */
  public String meaning() {
    return meaning;
  }

  @Override
  public String toString() {
    return name;
  }
}
