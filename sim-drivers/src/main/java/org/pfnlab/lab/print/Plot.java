package org.pfnlab.lab.print;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A plot of characters with logarithmic axes: one column of marks for each value on the horizontal
 * axis, one letter for each series. Where two series meet, the one that was added first is seen.
 */
public final class Plot {
  private static final int HEIGHT = 14;
  private static final int COLUMN = 6;

  private final String title;
  private final ImmutableList<String> ticks;
  private final List<Series> series = new ArrayList<>();

  private record Series(char mark, String name, double[] values) {}

  /**
   * An empty plot.
   *
   * @param title what the vertical axis shows, and over what
   * @param ticks the values of the horizontal axis, which are equally far from each other
   */
  public Plot(String title, Iterable<String> ticks) {
    this.title = title;
    this.ticks = ImmutableList.copyOf(ticks);
  }

  /** One more series: a value above 0 for each tick. */
  public Plot add(char mark, String name, double[] values) {
    if (values.length != ticks.size()) {
      throw new IllegalArgumentException(
          name + " has " + values.length + " values for " + ticks.size() + " ticks");
    }
    series.add(new Series(mark, name, values.clone()));
    return this;
  }

  /** Draws it. */
  public String draw() {
    double low = Double.MAX_VALUE;
    double high = 0;
    for (Series one : series) {
      low = Math.min(low, Arrays.stream(one.values).min().orElse(low));
      high = Math.max(high, Arrays.stream(one.values).max().orElse(high));
    }
    if (low <= 0) {
      throw new IllegalArgumentException("a logarithmic axis has no place for " + low);
    }
    double span = Math.max(StrictMath.log(high / low), 1e-9);
    char[][] area = new char[HEIGHT][COLUMN * ticks.size()];
    for (char[] line : area) {
      Arrays.fill(line, ' ');
    }
    for (int s = series.size() - 1; s >= 0; s--) {
      Series one = series.get(s);
      for (int i = 0; i < one.values.length; i++) {
        int line = (int) Math.round(StrictMath.log(one.values[i] / low) / span * (HEIGHT - 1));
        area[HEIGHT - 1 - line][COLUMN * i + COLUMN / 2] = one.mark;
      }
    }
    StringBuilder text = new StringBuilder(title).append('\n');
    for (int line = 0; line < HEIGHT; line++) {
      double value = low * StrictMath.exp(span * (HEIGHT - 1 - line) / (HEIGHT - 1));
      String label = line % 3 == 0 || line == HEIGHT - 1 ? Figures.number(value) : "";
      text.append(pad(label, 8)).append(" |").append(new String(area[line]).stripTrailing());
      text.append('\n');
    }
    text.append(" ".repeat(9)).append('+').append("-".repeat(COLUMN * ticks.size())).append('\n');
    StringBuilder axis = new StringBuilder(" ".repeat(10));
    for (String tick : ticks) {
      axis.append(pad(tick, COLUMN / 2 + (tick.length() + 1) / 2));
      axis.append(" ".repeat(COLUMN - COLUMN / 2 - (tick.length() + 1) / 2));
    }
    text.append(axis.toString().stripTrailing()).append('\n');
    for (Series one : series) {
      text.append("  ").append(one.mark).append("  ").append(one.name).append('\n');
    }
    return text.toString();
  }

  private static String pad(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }
}
