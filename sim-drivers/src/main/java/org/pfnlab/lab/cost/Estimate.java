package org.pfnlab.lab.cost;

import org.pfnlab.lab.print.Figures;

/**
 * A modelled time in ns: what it typically is, and the range in which it may be.
 *
 * @param low if everything is cheap
 * @param typical if everything is as usual
 * @param high if everything is dear
 */
public record Estimate(double low, double typical, double high) {
  /** Nothing. */
  public static final Estimate ZERO = new Estimate(0, 0, 0);

  /** The sum; ranges add up, as if one reason made everything cheap or dear. */
  public Estimate plus(Estimate other) {
    return new Estimate(low + other.low, typical + other.typical, high + other.high);
  }

  /** The difference, bound by bound. */
  public Estimate minus(Estimate other) {
    return new Estimate(low - other.low, typical - other.typical, high - other.high);
  }

  /** So many times as much. */
  public Estimate times(double factor) {
    return new Estimate(low * factor, typical * factor, high * factor);
  }

  /** {@code 751 (520-980) ns}, in one unit. */
  public String text() {
    return Figures.time(typical) + " (" + Figures.time(low) + " to " + Figures.time(high) + ")";
  }

  /** {@code 520-980}, in ns. */
  public String range() {
    return Figures.number(low) + "-" + Figures.number(high);
  }
}
