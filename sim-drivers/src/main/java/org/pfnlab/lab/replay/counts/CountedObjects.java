package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableSet;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.lab.replay.battery.PlainObjects;
import org.pfnlab.lab.verdict.NotModelled;

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

  /**
   * Makes objects of this kind.
   *
   * @throws NotModelled if there is none
   */
  static Device device(Machine machine, String kind) {
    Device plain = PlainObjects.find(machine, kind);
    if (plain != null) {
      return plain;
    }
    Kind driver = KindCatalog.standard().find(kind);
    if (driver == null) {
      throw new NotModelled("kind " + kind);
    }
    return driver.on(machine);
  }
}
