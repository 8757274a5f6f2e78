package org.pfnlab.core.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;

/**
 * A place where Linux decides and a {@link Policy} may have a say. The room or driver that decides
 * owns the constant.
 *
 * @param <T> the listener's type; the point is asked with what the kernel would have at hand
 */
public final class HookPoint<T> {
  private static final AtomicInteger DEFINED = new AtomicInteger();

  private final int id = DEFINED.getAndIncrement();
  private final String name;
  private final BinaryOperator<T> both;

  private HookPoint(String name, BinaryOperator<T> both) {
    this.name = name;
    this.both = both;
  }

  /**
   * Defines a hook point.
   *
   * @param name the kernel function and the place in it: {@code dma_buf_mmap:after_exporter}
   * @param both how two listeners become one; policies compose through it
   */
  public static <T> HookPoint<T> define(String name, BinaryOperator<T> both) {
    return new HookPoint<>(name, both);
  }

  int id() {
    return id;
  }

  T both(T first, T second) {
    return both.apply(first, second);
  }

  /** The kernel function and the place in it. */
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return name;
  }
}
