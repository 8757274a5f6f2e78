package org.pfnlab.lab.replay.counts;

import org.pfnlab.core.meter.Event;
import org.pfnlab.core.meter.Meter;

/** How often each event occurred while something was done, or the difference of two such counts. */
final class EventCounts {
  /** Nothing occurred. */
  static final EventCounts NONE = new EventCounts(new long[0]);

  private final long[] counts;

  private EventCounts(long[] counts) {
    this.counts = counts;
  }

  /** What the meter counted since an earlier snapshot. */
  static EventCounts since(Meter meter, long[] snapshot) {
    long[] counts = meter.snapshot();
    for (int id = 0; id < snapshot.length; id++) {
      counts[id] -= snapshot[id];
    }
    return new EventCounts(counts);
  }

  /** These counts less others. */
  EventCounts less(EventCounts others) {
    long[] difference = counts.clone();
    for (int id = 0; id < others.counts.length; id++) {
      difference[id] -= others.counts[id];
    }
    return new EventCounts(difference);
  }

  /** How often the event occurred. */
  long of(Event event) {
    return event.id() < counts.length ? counts[event.id()] : 0;
  }
}
