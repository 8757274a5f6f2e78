package org.pfnlab.lab.verdict;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * What came of the operations of one recording, or of many: how many matched, the mismatches, how
 * many could not be judged and why. Operations that nobody judges are in none of these.
 */
public final class Tally {
  private final List<Mismatch> mismatches = new ArrayList<>();
  private final TreeMap<String, Long> notJudged = new TreeMap<>();
  private final FunctionAgreement functions = new FunctionAgreement();
  private long matched;
  private long mismatched;

  /** An answer that agrees. */
  public void match() {
    matched++;
  }

  /** An answer that differs. */
  public void mismatch(Mismatch mismatch) {
    mismatches.add(mismatch);
    mismatched++;
  }

  /** Operations that the model cannot be asked yet. */
  public void cannotJudge(String reason, long operations) {
    notJudged.merge(reason, operations, Long::sum);
  }

  /** Adds the counts of another tally, without its mismatches themselves: they can be many. */
  public void addCounts(Tally other) {
    matched += other.matched;
    mismatched += other.mismatched;
    other.notJudged.forEach((reason, n) -> notJudged.merge(reason, n, Long::sum));
    functions.add(other.functions);
  }

  /** Operations whose answers agree in every field. */
  public long matched() {
    return matched;
  }

  /** Operations whose answers differ. */
  public long mismatched() {
    return mismatched;
  }

  /** The answers that differ, in the order of the recording. */
  public ImmutableList<Mismatch> mismatches() {
    return ImmutableList.copyOf(mismatches);
  }

  /** Operations that could not be judged yet, by reason. */
  public ImmutableSortedMap<String, Long> notJudged() {
    return ImmutableSortedMap.copyOf(notJudged);
  }

  /** How function-call counts agree; empty where none were recorded. */
  public FunctionAgreement functions() {
    return functions;
  }

  /** Whether every operation with a recorded answer was judged, and agreed. */
  public boolean isClean() {
    return mismatched == 0 && notJudged.isEmpty();
  }
}
