package org.pfnlab.lab.cost;

/**
 * What one occurrence of an event costs.
 *
 * @param event the event's name; {@code @cold} behind it: with nothing in the CPU's caches
 * @param part the part of the work that it is counted into
 * @param each the price in ns
 * @param source where the figures come from
 */
public record Price(String event, String part, Estimate each, String source) {
  /** What is behind the name of an event that is priced for cold caches. */
  static final String COLD = "@cold";
}
