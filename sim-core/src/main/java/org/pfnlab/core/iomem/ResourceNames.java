package org.pfnlab.core.iomem;

import org.jspecify.annotations.Nullable;

/**
 * What a resource's name and place say about its flags and description, which /proc/iomem does not
 * print. The names are those that x86 and the generic code give.
 *
 * <table>
 *   <caption>Derivation</caption>
 *   <tr><th>name</th><th>flags besides MEM</th><th>description</th></tr>
 *   <tr><td>System RAM, Kernel code, rodata, data, bss</td><td>SYSRAM, BUSY</td><td></td></tr>
 *   <tr><td>System RAM (driver)</td><td>SYSRAM, DRIVER_MANAGED, BUSY</td><td></td></tr>
 *   <tr><td>Crash kernel</td><td>SYSRAM, BUSY</td><td>CRASH_KERNEL</td></tr>
 *   <tr><td>Reserved, Persistent Memory (legacy), Soft Reserved</td>
 *       <td>BUSY below 1 MiB only</td><td>their own</td></tr>
 *   <tr><td>ACPI Tables, ACPI Non-volatile Storage</td><td>BUSY</td><td>their own</td></tr>
 *   <tr><td>CXL Window n</td><td></td><td>CXL</td></tr>
 *   <tr><td>System ROM, Video ROM, Adapter ROM, Extension ROM</td>
 *       <td>READONLY, BUSY</td><td></td></tr>
 *   <tr><td>PCI Bus, a PCI function like 0000:00:02.0, pnp 00:01, HPET</td><td></td><td></td></tr>
 *   <tr><td>PCI MMCONFIG, PCI ECAM, IOAPIC, Local APIC, RAM buffer</td><td>BUSY</td><td></td></tr>
 *   <tr><td>anything else with nothing inside</td><td>BUSY: somebody's claim</td><td></td></tr>
 *   <tr><td>anything else with something inside</td><td></td><td></td></tr>
 * </table>
 *
 * <p>The last rule follows from request_mem_region, which descends only into what nobody claims.
 * What no name tells stays out: PREFETCH, EXCLUSIVE, MERGEABLE.
 */
final class ResourceNames {
  private static final long MIB = 1L << 20;

  private ResourceNames() {}

  static int flags(@Nullable String name, long start, boolean leaf) {
    if (name == null) {
      return Iores.MEM | (leaf ? Iores.BUSY : 0);
    }
    if (name.startsWith("System RAM (")) {
      return Iores.SYSTEM_RAM | Iores.SYSRAM_DRIVER_MANAGED | Iores.BUSY;
    }
    return switch (name) {
      case "System RAM",
          "Kernel code",
          "Kernel rodata",
          "Kernel data",
          "Kernel bss",
          "Crash kernel" ->
          Iores.SYSTEM_RAM | Iores.BUSY;
      case "Reserved",
          "reserved",
          "Persistent Memory",
          "Persistent Memory (legacy)",
          "Soft Reserved" ->
          Iores.MEM | (start < MIB ? Iores.BUSY : 0);
      case "System ROM", "Video ROM", "Adapter ROM", "Extension ROM" ->
          Iores.MEM | Iores.READONLY | Iores.BUSY;
      case "ACPI Tables",
          "ACPI Non-volatile Storage",
          "Unusable memory",
          "RAM buffer",
          "Local APIC" ->
          Iores.MEM | Iores.BUSY;
      default -> Iores.MEM | (isBusy(name, leaf) ? Iores.BUSY : 0);
    };
  }

  private static boolean isBusy(String name, boolean leaf) {
    if (name.startsWith("PCI MMCONFIG") || name.startsWith("PCI ECAM")) {
      return true;
    }
    if (name.startsWith("PCI Bus")
        || name.startsWith("pnp ")
        || name.startsWith("CXL Window")
        || name.startsWith("HPET ")
        || isPciFunction(name)) {
      return false;
    }
    return leaf;
  }

  static int desc(@Nullable String name) {
    if (name == null) {
      return Iores.DESC_NONE;
    }
    return switch (name) {
      case "Crash kernel" -> Iores.DESC_CRASH_KERNEL;
      case "ACPI Tables" -> Iores.DESC_ACPI_TABLES;
      case "ACPI Non-volatile Storage" -> Iores.DESC_ACPI_NV_STORAGE;
      case "Persistent Memory" -> Iores.DESC_PERSISTENT_MEMORY;
      case "Persistent Memory (legacy)" -> Iores.DESC_PERSISTENT_MEMORY_LEGACY;
      case "Reserved", "reserved" -> Iores.DESC_RESERVED;
      case "Soft Reserved" -> Iores.DESC_SOFT_RESERVED;
      default -> name.startsWith("CXL Window") ? Iores.DESC_CXL : Iores.DESC_NONE;
    };
  }

  /** Whether it is written like 0000:00:02.0; domains may have more than four digits. */
  private static boolean isPciFunction(String name) {
    int n = name.length();
    return n >= 12
        && name.charAt(n - 8) == ':'
        && name.charAt(n - 5) == ':'
        && name.charAt(n - 2) == '.'
        && isHex(name, 0, n - 8)
        && isHex(name, n - 7, n - 5)
        && isHex(name, n - 4, n - 2)
        && isHex(name, n - 1, n);
  }

  private static boolean isHex(String name, int from, int to) {
    for (int i = from; i < to; i++) {
      if (Character.digit(name.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }
}
