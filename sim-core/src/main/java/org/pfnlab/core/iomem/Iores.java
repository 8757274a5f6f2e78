package org.pfnlab.core.iomem;

/**
 * Flags and descriptions of resources (include/linux/ioport.h), as far as anything here looks at
 * them. The numbers are Linux's own.
 */
public final class Iores {
  /** IORESOURCE_MEM: memory, not I/O ports. */
  public static final int MEM = 0x200;

  /** IORESOURCE_READONLY: a ROM. */
  public static final int READONLY = 0x4000;

  /** IORESOURCE_SYSRAM. */
  public static final int SYSRAM = 0x0100_0000;

  /** IORESOURCE_SYSRAM_DRIVER_MANAGED: RAM that a driver (dax/kmem, virtio-mem) plugged in. */
  public static final int SYSRAM_DRIVER_MANAGED = 0x0200_0000;

  /** IORESOURCE_SYSRAM_MERGEABLE. */
  public static final int SYSRAM_MERGEABLE = 0x0400_0000;

  /** IORESOURCE_EXCLUSIVE: userland may not map it. */
  public static final int EXCLUSIVE = 0x0800_0000;

  /** IORESOURCE_BUSY: claimed, by a driver or by the kernel itself. */
  public static final int BUSY = 0x8000_0000;

  /** IORESOURCE_SYSTEM_RAM: what makes memory RAM to the walks. */
  public static final int SYSTEM_RAM = MEM | SYSRAM;

  /** IORES_DESC_NONE; as a wish it matches every description. */
  public static final int DESC_NONE = 0;

  /** IORES_DESC_CRASH_KERNEL. */
  public static final int DESC_CRASH_KERNEL = 1;

  /** IORES_DESC_ACPI_TABLES. */
  public static final int DESC_ACPI_TABLES = 2;

  /** IORES_DESC_ACPI_NV_STORAGE. */
  public static final int DESC_ACPI_NV_STORAGE = 3;

  /** IORES_DESC_PERSISTENT_MEMORY. */
  public static final int DESC_PERSISTENT_MEMORY = 4;

  /** IORES_DESC_PERSISTENT_MEMORY_LEGACY. */
  public static final int DESC_PERSISTENT_MEMORY_LEGACY = 5;

  /** IORES_DESC_DEVICE_PRIVATE_MEMORY. */
  public static final int DESC_DEVICE_PRIVATE_MEMORY = 6;

  /** IORES_DESC_RESERVED. */
  public static final int DESC_RESERVED = 7;

  /** IORES_DESC_SOFT_RESERVED. */
  public static final int DESC_SOFT_RESERVED = 8;

  /** IORES_DESC_CXL (by v6.1). */
  public static final int DESC_CXL = 9;

  /** What __request_region takes over from the parent: the type bits and IORESOURCE_SYSRAM. */
  static final int INHERITED = 0x1f00 | SYSRAM;

  private Iores() {}

  /** The kernel's is_type_match: all wanted flags, and the wanted description unless it is NONE. */
  static boolean matches(int flags, int desc, int wantedFlags, int wantedDesc) {
    return (flags & wantedFlags) == wantedFlags && (wantedDesc == DESC_NONE || wantedDesc == desc);
  }
}
