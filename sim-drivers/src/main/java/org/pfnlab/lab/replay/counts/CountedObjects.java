package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableSet;
import org.pfnlab.drivers.KindCatalog;

/** What a counted process can map: drivers' kinds, files that belong to no driver, and nothing. */
final class CountedObjects {
  /** Anonymous memory, which is no object. */
  static final String ANONYMOUS = "anon";

  private static final ImmutableSet<String> PLAIN =
      ImmutableSet.of("memfd", "file_tmpfs", "file_ext4");

  private CountedObjects() {}

  /** All names. */
  static ImmutableSet<String> names() {
    return ImmutableSet.<String>builder()
        .add(ANONYMOUS)
        .addAll(PLAIN)
        .addAll(KindCatalog.standard().names())
        .build();
  }
}
