package org.pfnlab.lab.cli;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.record.Profile;
import org.pfnlab.lab.record.Script;
import picocli.CommandLine.Option;

/** The options that say which random sequences are wanted. */
final class FreshSequences {
  private static final int LONGEST = 20_000;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "The first seed; the same seeds give the same sequences. Default: a new one.")
  private @Nullable Integer seed;

  @Option(
      names = "--profile",
      paramLabel = "basic|mid|full",
      description = "What sequences may contain; may be repeated. Default: all three in turn.")
  private List<Profile> profiles = List.of(Profile.values());

  @Option(
      names = "--length",
      paramLabel = "OPERATIONS",
      description = "Operations in a sequence, without snapshots. Default: 60.")
  private int length = 60;

  /** Where the seeds begin. */
  int firstSeed() {
    if (seed == null) {
      seed = ThreadLocalRandom.current().nextInt(1, 1_000_000_000);
    }
    return seed;
  }

  /** The sequence with this number, from 0. */
  Script get(int number) {
    if (length < 1 || length > LONGEST) {
      throw BadInput.because("--length " + length + ": expected from 1 to " + LONGEST);
    }
    Profile profile = profiles.get(number % profiles.size());
    return Script.random((long) firstSeed() + number, profile, length);
  }

  /** The options that repeat this choice. */
  String again() {
    return "--seed " + firstSeed() + (length == 60 ? "" : " --length " + length);
  }
}
