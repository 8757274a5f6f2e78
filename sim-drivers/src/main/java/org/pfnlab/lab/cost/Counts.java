package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableSortedMap;
import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/**
 * What a run counted, by the events' names; events that did not happen are not in it.
 *
 * @param byEvent how often each happened
 */
public record Counts(ImmutableSortedMap<String, Long> byEvent) {
  /** What a meter counted since a snapshot. */
  public static Counts since(Meter meter, long[] snapshot) {
    ImmutableSortedMap.Builder<String, Long> counts = ImmutableSortedMap.naturalOrder();
    for (Event event : Event.all()) {
      long n = meter.since(snapshot, event);
      if (n != 0) {
        counts.put(event.name(), n);
      }
    }
    return new Counts(counts.buildOrThrow());
  }

  /** How often the event happened. */
  public long get(Event event) {
    return get(event.name());
  }

  /** How often the event of this name happened. */
  public long get(String event) {
    Long n = byEvent.get(event);
    return n == null ? 0 : n;
  }
}
