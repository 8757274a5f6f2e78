package org.pfnlab.lab.record;

import java.util.List;
import java.util.Random;

/** A source of decisions that a seed determines. */
final class Chance {
  private final Random random;

  Chance(long seed) {
    this.random = new Random(seed);
  }

  /** True as often as the probability says. */
  boolean is(double probability) {
    return random.nextDouble() < probability;
  }

  /** From 0 to 1. */
  double fraction() {
    return random.nextDouble();
  }

  /** From {@code from} up to, not including, {@code behind}. */
  int between(int from, int behind) {
    return from + random.nextInt(behind - from);
  }

  int oneOf(int... choices) {
    return choices[random.nextInt(choices.length)];
  }

  <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  String oneOf(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** A word of "word weight, word weight, ..."; "-" stands for none. */
  String weighted(String choices) {
    String[] words = choices.split(", ", -1);
    double[] weights = new double[words.length];
    for (int i = 0; i < words.length; i++) {
      String[] pair = words[i].split(" ", -1);
      words[i] = pair[0].equals("-") ? "" : pair[0];
      weights[i] = Double.parseDouble(pair[1]);
    }
    return words[weighted(weights)];
  }

  /** An index, as often as its weight says. */
  int weighted(double[] weights) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    double point = random.nextDouble() * sum;
    for (int i = 0; i < weights.length; i++) {
      point -= weights[i];
      if (point < 0) {
        return i;
      }
    }
    return weights.length - 1;
  }
}
