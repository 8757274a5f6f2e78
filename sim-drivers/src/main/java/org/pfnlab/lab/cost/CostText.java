package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.spec.Nearest;

/** The text form of prices, described at {@link CostModel}. */
final class CostText {
  private static final Pattern TITLE = Pattern.compile("\\[([^\\]]+)\\]");
  private static final Pattern PRICE =
      Pattern.compile("(\\S+)\\s+(\\S+)\\s+(\\S+)\\s+(\\S+)(?:\\s+(.+))?");
  private static final Pattern NUMBER = Pattern.compile("\\d{1,12}(\\.\\d{1,6})?");

  private final String file;
  private final CostModel base;
  private int line;

  private CostText(String file, CostModel base) {
    this.file = file;
    this.base = base;
  }

  /**
   * Reads prices.
   *
   * @param base the model to be changed, whose events alone may be named; an empty one takes all
   */
  static ImmutableList<Price> read(String file, String text, CostModel base) {
    return new CostText(file, base).read(text);
  }

  private ImmutableList<Price> read(String text) {
    List<Price> prices = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    String part = "";
    for (String whole : text.split("\r?\n", -1)) {
      line++;
      String content = whole.strip();
      if (content.isEmpty() || content.startsWith("#")) {
        continue;
      }
      Matcher title = TITLE.matcher(content);
      if (title.matches()) {
        part = title.group(1);
        continue;
      }
      Price price = price(content, part);
      if (!seen.add(price.event())) {
        throw bad("a second price for " + price.event() + "; leave one of them out");
      }
      prices.add(price);
    }
    return ImmutableList.copyOf(prices);
  }

  private Price price(String content, String part) {
    Matcher price = PRICE.matcher(content);
    if (!price.matches()) {
      throw bad("expected 'event low typical high source', got '" + shortened(content) + "'");
    }
    String event = price.group(1);
    List<Price> known = base.prices();
    if (!known.isEmpty() && !base.has(event) && !base.has(event.replace(Price.COLD, ""))) {
      List<String> names = known.stream().map(Price::event).toList();
      throw bad(
          "no event with a price is called '"
              + shortened(event)
              + "'"
              + Nearest.suggestion(event, names));
    }
    Estimate each =
        new Estimate(number(price.group(2)), number(price.group(3)), number(price.group(4)));
    if (each.low() > each.typical() || each.typical() > each.high()) {
      throw bad("expected low <= typical <= high for " + event + "; sort them");
    }
    String source = price.group(5);
    return new Price(
        event,
        known.isEmpty() ? part : base.partOf(event.replace(Price.COLD, "")),
        each,
        source == null ? "from " + file : source);
  }

  private double number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw bad("expected nanoseconds like 12 or 1.5, got '" + shortened(text) + "'");
    }
    return Double.parseDouble(text);
  }

  private BadInput bad(String message) {
    return BadInput.at(file, line, message);
  }

  private static String shortened(String text) {
    return text.length() <= 60 ? text : text.substring(0, 60) + "...";
  }
}
