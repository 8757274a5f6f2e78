package org.pfnlab.core.kernel;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who listens at which {@link HookPoint} of one kernel. Filled while the machine is assembled;
 * rooms resolve their points once, so that an unhooked point costs one null check.
 */
public final class Hooks {
  private final List<@Nullable Object> listeners = new ArrayList<>();

  /** Adds a listener; several at one point are asked in the order of their coming. */
  public <T> void on(HookPoint<T> point, T listener) {
    while (listeners.size() <= point.id()) {
      listeners.add(null);
    }
    T before = get(point);
    listeners.set(point.id(), before == null ? listener : point.both(before, listener));
  }

  /** The listener at this point, or null where nobody listens. */
  @SuppressWarnings("unchecked") // on() is the only writer and keeps point and listener together
  public <T> @Nullable T get(HookPoint<T> point) {
    return point.id() < listeners.size() ? (T) listeners.get(point.id()) : null;
  }
}
