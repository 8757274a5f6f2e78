package org.pfnlab.lab.verdict;

import com.google.common.collect.ImmutableSortedMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * How recorded and modelled function-call counts agree, function by function. An operation during
 * which neither side called a function says nothing about it and is not counted.
 */
public final class FunctionAgreement {
  private final TreeMap<String, Agreement> compared = new TreeMap<>();
  private final TreeMap<String, LeftOut> leftOut = new TreeMap<>();

  /**
   * One function, or several that stand for one thing.
   *
   * @param operations during which it was called
   * @param differing those of them with another count in the model
   * @param calls that were recorded in all
   */
  public record Agreement(long operations, long differing, long calls) {
    private Agreement plus(Agreement other) {
      return new Agreement(
          operations + other.operations, differing + other.differing, calls + other.calls);
    }
  }

  /**
   * A function that is not compared.
   *
   * @param operations during which it was called
   * @param reason why nobody compares it
   */
  public record LeftOut(long operations, String reason) {
    private LeftOut plus(LeftOut other) {
      return new LeftOut(operations + other.operations, reason);
    }
  }

  /** One operation's counts of one function. */
  public void compared(String function, long recorded, long modelled) {
    if (recorded != 0 || modelled != 0) {
      Agreement one = new Agreement(1, recorded == modelled ? 0 : 1, recorded);
      compared.merge(function, one, Agreement::plus);
    }
  }

  /** One operation during which a function was called that is not compared. */
  public void leftOut(String function, String reason) {
    leftOut.merge(function, new LeftOut(1, reason), LeftOut::plus);
  }

  void add(FunctionAgreement other) {
    for (Map.Entry<String, Agreement> function : other.compared.entrySet()) {
      compared.merge(function.getKey(), function.getValue(), Agreement::plus);
    }
    for (Map.Entry<String, LeftOut> function : other.leftOut.entrySet()) {
      leftOut.merge(function.getKey(), function.getValue(), LeftOut::plus);
    }
  }

  /** Whether there were any counts. */
  public boolean isEmpty() {
    return compared.isEmpty() && leftOut.isEmpty();
  }

  /** The functions that were compared, by name. */
  public ImmutableSortedMap<String, Agreement> compared() {
    return ImmutableSortedMap.copyOf(compared);
  }

  /** The functions that were called and not compared, by name. */
  public ImmutableSortedMap<String, LeftOut> leftOut() {
    return ImmutableSortedMap.copyOf(leftOut);
  }
}
