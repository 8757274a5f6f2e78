package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kernel messages as they are compared: without addresses, registers, line numbers and offsets, a
 * warning or BUG reduced to the function that it happened in. What the kernel printed over several
 * lines (a warning and its RIP) and what the model prints in one come out the same.
 */
final class KernelMessages {
  private static final Pattern ADDRESS =
      Pattern.compile("0x[0-9a-f]+|\\b[0-9a-f]{7,16}\\b|\\b[0-9a-f]{5,16}(?=-[0-9a-f]{5,16}\\b)");
  private static final Pattern WARNING =
      Pattern.compile("WARNING: (?:at \\S+|in) ([A-Za-z_][A-Za-z0-9_]*).*");
  private static final Pattern BUG = Pattern.compile("kernel BUG at .*!");
  private static final Pattern MODELLED_BUG =
      Pattern.compile("kernel BUG in ([A-Za-z_][A-Za-z0-9_]*).*");
  private static final Pattern RIP = Pattern.compile("RIP: \\d+:([A-Za-z_][A-Za-z0-9_]*).*");

  private KernelMessages() {}

  /** The messages, reduced. */
  static ImmutableList<String> reduced(Iterable<String> lines) {
    ImmutableList.Builder<String> reduced = ImmutableList.builder();
    boolean bug = false;
    for (String line : lines) {
      Matcher warning = WARNING.matcher(line);
      Matcher modelled = MODELLED_BUG.matcher(line);
      Matcher rip = RIP.matcher(line);
      if (warning.matches()) {
        reduced.add("WARNING in " + warning.group(1));
      } else if (modelled.matches()) {
        reduced.add("BUG in " + modelled.group(1));
      } else if (rip.matches()) {
        if (bug) {
          reduced.add("BUG in " + rip.group(1));
        }
      } else if (!BUG.matcher(line).matches()) {
        reduced.add(ADDRESS.matcher(line).replaceAll("#"));
      }
      bug = BUG.matcher(line).matches() || (bug && !rip.matches());
    }
    return reduced.build();
  }
}
