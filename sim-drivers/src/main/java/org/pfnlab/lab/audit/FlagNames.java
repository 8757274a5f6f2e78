package org.pfnlab.lab.audit;

import com.google.common.collect.ImmutableMap;
import org.pfnlab.core.mm.VmFlags;

/** The flags that drivers set, as their names without VM_. */
public final class FlagNames {
  private static final ImmutableMap<Long, String> NAMES =
      ImmutableMap.of(
          VmFlags.VM_IO, "IO",
          VmFlags.VM_PFNMAP, "PFNMAP",
          VmFlags.VM_MIXEDMAP, "MIXEDMAP",
          VmFlags.VM_DONTEXPAND, "DONTEXPAND",
          VmFlags.VM_DONTDUMP, "DONTDUMP");

  private FlagNames() {}

  /** The names with spaces between, or {@code none}. */
  public static String of(long flags) {
    StringBuilder names = new StringBuilder();
    NAMES.forEach(
        (flag, name) -> {
          if ((flags & flag) != 0) {
            names.append(names.length() == 0 ? "" : " ").append(name);
          }
        });
    return names.length() == 0 ? "none" : names.toString();
  }
}
