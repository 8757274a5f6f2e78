package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableSet;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.recording.Line;

/**
 * What the recording program's own code adds to the counts: in some recordings its call of vmsplice
 * is the first to execute a block of the C library, and faults it in. That is told by the first
 * such call of a recording, all pages of whose buffer are there. Making a memfd executes the same
 * block, so where the program has done that, it is there already.
 */
final class ProgramCode {
  /** Kinds whose object is a memfd of the counted process, or is made from one. */
  private static final ImmutableSet<String> MEMFD_MAKERS = ImmutableSet.of("memfd", "udmabuf");

  private @Nullable Boolean cold;

  /** Whether this call of vmsplice faults its code in. */
  boolean isColdFor(String kind, Line vmsplice) {
    if (MEMFD_MAKERS.contains(kind)) {
      return false;
    }
    Boolean known = cold;
    if (known == null) {
      known = vmsplice.node("counts").path("do_read_fault").asLong() == 1;
      cold = known;
    }
    return known;
  }
}
