package org.pfnlab.core.meter;

import java.util.Arrays;

/**
 * Counts what the modelled kernel does, always, and tells it as a nested story while {@link
 * #tracing}.
 *
 * <p>Counting is one array add. Inner loops hoist it: they add n once per page-table leaf or walk.
 * Tracing is paid for only by callers that test {@code if (meter.tracing)} first.
 */
public final class Meter {
  /** Whether anybody listens to {@link #enter}, {@link #exit} and {@link #note}. */
  public boolean tracing;

  private long[] counts = new long[Math.max(64, Event.defined() * 2)];
  private Trace trace = Trace.NONE;

  /** Counts one occurrence. */
  public void count(Event event) {
    count(event, 1);
  }

  /** Counts n occurrences at once. */
  public void count(Event event, long n) {
    int id = event.id();
    if (id >= counts.length) {
      counts = Arrays.copyOf(counts, Math.max(id + 1, counts.length * 2));
    }
    counts[id] += n;
  }

  /** How often the event has occurred since the last {@link #reset}. */
  public long get(Event event) {
    return event.id() < counts.length ? counts[event.id()] : 0;
  }

  /** A copy of all counters, indexed by event id; to be subtracted from a later one. */
  public long[] snapshot() {
    return counts.clone();
  }

  /** Counts since an earlier {@link #snapshot}. */
  public long since(long[] snapshot, Event event) {
    int id = event.id();
    return get(event) - (id < snapshot.length ? snapshot[id] : 0);
  }

  /** Sets every counter to zero. */
  public void reset() {
    Arrays.fill(counts, 0);
  }

  /** Takes a modelled lock; each lock class is an event that counts its acquisitions. */
  public void lock(Event lock) {
    count(lock);
    if (tracing) {
      trace.lock(lock);
    }
  }

  /** Releases a modelled lock. */
  public void unlock(Event lock) {
    if (tracing) {
      trace.unlock(lock);
    }
  }

  /** Begins a step of the story, named after the kernel's symbol. */
  public void enter(String symbol, long a, long b) {
    trace.enter(symbol, a, b);
  }

  /** Ends the innermost step with its result. */
  public void exit(String symbol, long result) {
    trace.exit(symbol, result);
  }

  /** Says something inside the innermost step. */
  public void note(String text) {
    trace.note(text);
  }

  /** Starts telling the story to a listener. */
  public void listen(Trace listener) {
    trace = listener;
    tracing = true;
  }

  /** Stops telling. */
  public void mute() {
    trace = Trace.NONE;
    tracing = false;
  }
}
