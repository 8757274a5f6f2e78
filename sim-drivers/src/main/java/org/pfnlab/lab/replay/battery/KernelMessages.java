package org.pfnlab.lab.replay.battery;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kernel messages as they are compared: without addresses, registers, line numbers and offsets, a
 * warning, BUG or oops reduced to the function that it happened in. What the kernel printed over
 * several lines (a warning and its RIP) and what the model prints in one come out the same.
 */
final class KernelMessages {
  private static final Pattern ADDRESS =
      Pattern.compile("0x[0-9a-f]+|\\b[0-9a-f]{7,16}\\b|\\b[0-9a-f]{5,16}(?=-[0-9a-f]{5,16}\\b)");
  private static final Pattern WARNING =
      Pattern.compile("WARNING: (?:at \\S+|in) ([A-Za-z_][A-Za-z0-9_]*).*");
  private static final Pattern BUG = Pattern.compile("kernel BUG at .*!|BUG: unable to handle .*");
  private static final Pattern MODELLED_BUG =
      Pattern.compile("kernel BUG in ([A-Za-z_][A-Za-z0-9_]*).*");
  private static final Pattern RIP = Pattern.compile("RIP: \\d+:([A-Za-z_][A-Za-z0-9_]*).*");

  /** The recorded kernels that were patched with a rule check it in a function of their own. */
  private static final ImmutableMap<String, String> PATCHED =
      ImmutableMap.of("lab_mmap", "dma_buf_mmap_internal");

  private KernelMessages() {}

  /**
   * The messages, reduced, up to the first warning or BUG: its stack trace filled the recording
   * program's buffer, so that nothing behind it was kept.
   */
  static ImmutableList<String> reduced(Iterable<String> lines) {
    ImmutableList.Builder<String> reduced = ImmutableList.builder();
    boolean bug = false;
    for (String line : lines) {
      Matcher warning = WARNING.matcher(line);
      if (warning.matches()) {
        return reduced.add("WARNING in " + function(warning)).build();
      }
      Matcher modelled = MODELLED_BUG.matcher(line);
      if (modelled.matches()) {
        return reduced.add("BUG in " + function(modelled)).build();
      }
      Matcher rip = RIP.matcher(line);
      if (bug && rip.matches()) {
        return reduced.add("BUG in " + function(rip)).build();
      }
      if (BUG.matcher(line).matches()) {
        bug = true;
      } else if (!rip.matches()) {
        reduced.add(ADDRESS.matcher(line).replaceAll("#"));
      }
    }
    return reduced.build();
  }

  private static String function(Matcher found) {
    String name = found.group(1);
    return PATCHED.getOrDefault(name, name);
  }
}
