package org.pfnlab.core.pat;

import org.pfnlab.core.kernel.KernelLog;

/**
 * What memtype code prints. Log lines show inclusive ends and at least eight digits, the list in
 * debugfs exclusive ends and sixteen. A process is named without its pid.
 */
final class MemtypeText {
  private final KernelLog log;

  /** current->comm. */
  String comm = "swapper";

  MemtypeText(KernelLog log) {
    this.log = log;
  }

  void emptyRange(long start, long end, CacheMode want) {
    log.warn(
        "memtype_reserve",
        "memtype_reserve failed: " + range(start, end) + ", req " + want.kernelName());
  }

  void reserveFailed(long start, long end, CacheMode track, CacheMode want) {
    log.print(
        ("x86/PAT: memtype_reserve failed " + range(start, end))
            + (", track " + track.kernelName() + ", req " + want.kernelName()));
  }

  void conflict(long start, long end, CacheMode wanted, CacheMode found) {
    log.print(
        ("x86/PAT: " + comm + " conflicting memory types ")
            + (Long.toHexString(start) + "-" + Long.toHexString(end))
            + (" " + wanted.kernelName() + "<->" + found.kernelName()));
  }

  void reserveRamFailed(long start, long end, CacheMode track, CacheMode want) {
    log.print(
        ("x86/PAT: reserve_ram_pages_type failed " + range(start, end))
            + (", track 0x" + Integer.toHexString(track.value()))
            + (", req 0x" + Integer.toHexString(want.value())));
  }

  void freeingInvalid(long start, long end) {
    log.print("x86/PAT: " + comm + " freeing invalid memtype " + range(start, end));
  }

  private static String range(long start, long end) {
    return "[mem 0x" + hex(start, 8) + "-0x" + hex(end - 1, 8) + "]";
  }

  private static String hex(long value, int digits) {
    String hex = Long.toHexString(value);
    return "0".repeat(Math.max(0, digits - hex.length())) + hex;
  }

  static void appendListLine(StringBuilder list, long start, long end, CacheMode type) {
    list.append("PAT: [mem 0x")
        .append(hex(start, 16))
        .append("-0x")
        .append(hex(end, 16))
        .append("] ")
        .append(type.kernelName())
        .append('\n');
  }
}
