package org.pfnlab.core.kernel;

/**
 * What the architecture brings. The default is x86-64; other architectures are reached by adding
 * and taking away, for instance {@code v6.18.2-ARCH_HAS_PTE_SPECIAL-HAVE_GUP_FAST-X86_PAT}.
 */
public final class Arch {
  /**
   * A present PTE can carry the "special" software bit; without it vm_normal_page does arithmetic.
   */
  public static final Feature ARCH_HAS_PTE_SPECIAL =
      Feature.define(
          "ARCH_HAS_PTE_SPECIAL",
          "Kconfig: a software bit marks PTEs without a page",
          Releases.always());

  /** get_user_pages_fast walks page tables without locks down to PTEs. */
  public static final Feature HAVE_GUP_FAST =
      Feature.define("HAVE_GUP_FAST", "Kconfig: lockless get_user_pages", Releases.always());

  /** Cache modes by page attribute table; off is what the nopat boot option gives. */
  public static final Feature X86_PAT =
      Feature.define("X86_PAT", "Kconfig X86_PAT, and not booted with nopat", Releases.always());

  /** generic_access_phys works: the kernel can ioremap with a PTE's protection. */
  public static final Feature HAVE_IOREMAP_PROT =
      Feature.define("HAVE_IOREMAP_PROT", "Kconfig: ioremap_prot", Releases.always());

  /** PMD and PUD leaves can carry the special bit. */
  public static final Feature ARCH_SUPPORTS_HUGE_PFNMAP =
      Feature.define(
          "ARCH_SUPPORTS_HUGE_PFNMAP",
          "v6.12: special PMD and PUD leaves on x86, arm64, riscv",
          Releases.since("v6.12"));

  /** A write-protected dirty PTE keeps its dirtiness in software bit 58 (x86 SavedDirty). */
  public static final Feature X86_SAVED_DIRTY =
      Feature.define(
          "X86_SAVED_DIRTY",
          "v6.6, with shadow stacks: pte_wrprotect moves the dirty bit to bit 58",
          Releases.since("v6.6"));

  private Arch() {}
}
