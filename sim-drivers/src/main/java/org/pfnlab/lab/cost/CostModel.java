package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.pfnlab.lab.BadInput;

/**
 * Turns counts into modelled nanoseconds: a price for each event that costs something, with a range
 * and a source. Events without a price, calls of functions mostly, cost nothing by themselves.
 *
 * <p>The prices are a text (costs.txt beside this class) that people may replace, line by line:
 *
 * <pre>
 *   [RAM test]
 *   iomem.node_visited  2  3  4  pointer chase in L1 and a compare
 * </pre>
 *
 * <p>A title in brackets names the part of the work, then come event, low, typical, high, source.
 */
public final class CostModel {
  private static final CostModel STANDARD = readStandard();

  private final ImmutableMap<String, Price> prices;

  private CostModel(ImmutableMap<String, Price> prices) {
    this.prices = prices;
  }

  /** The prices that come with pfnlab. */
  public static CostModel standard() {
    return STANDARD;
  }

  /**
   * The same model with prices from a file; events that it does not name keep theirs.
   *
   * @throws BadInput if a line is no price, or prices something that the model does not know
   */
  public CostModel with(Path file) throws IOException {
    return with(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
  }

  /**
   * The same model with prices in this text.
   *
   * @param name what the text is called in complaints
   */
  CostModel with(String name, String text) {
    Map<String, Price> merged = new LinkedHashMap<>(prices);
    for (Price price : CostText.read(name, text, this)) {
      merged.put(price.event(), price);
    }
    return new CostModel(ImmutableMap.copyOf(merged));
  }

  private static CostModel readStandard() {
    return new CostModel(ImmutableMap.of()).with("costs.txt", bundled("costs.txt"));
  }

  /** A text beside this class. */
  static String bundled(String name) {
    try (InputStream in = CostModel.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing, rebuild with mvn package");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All prices, in the order of the text. */
  public ImmutableList<Price> prices() {
    return prices.values().asList();
  }

  /** What everything that was counted costs together. */
  public Estimate cost(Counts counts, boolean cold) {
    Estimate sum = Estimate.ZERO;
    for (Estimate part : parts(counts, cold).values()) {
      sum = sum.plus(part);
    }
    return sum;
  }

  /**
   * What it costs, by part of the work, in the order of the text.
   *
   * @param cold whether events that have a price for cold caches are paid at it
   */
  public ImmutableMap<String, Estimate> parts(Counts counts, boolean cold) {
    Map<String, Estimate> parts = new LinkedHashMap<>();
    for (Price price : prices.values()) {
      long n = counts.get(price.event());
      if (n != 0) {
        parts.merge(
            price.part(), price(price.event(), cold).each().times((double) n), Estimate::plus);
      }
    }
    return ImmutableMap.copyOf(parts);
  }

  /** What one occurrence costs; nothing if it has no price. */
  public Estimate each(String event, boolean cold) {
    return prices.containsKey(event) ? price(event, cold).each() : Estimate.ZERO;
  }

  private Price price(String event, boolean cold) {
    Price price = cold ? prices.get(event + Price.COLD) : null;
    if (price == null) {
      price = prices.get(event);
    }
    if (price == null) {
      throw new IllegalArgumentException("event " + event + " has no price");
    }
    return price;
  }

  /** Whether there is a price of this name. */
  boolean has(String event) {
    return prices.containsKey(event);
  }

  /** The part of the work that the event of this name is counted into. */
  String partOf(String event) {
    return price(event, false).part();
  }
}
