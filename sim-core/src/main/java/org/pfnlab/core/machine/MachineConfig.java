package org.pfnlab.core.machine;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Policy;

/**
 * What a machine is made of.
 *
 * @param profile the kernel
 * @param iomem its resource tree, as /proc/iomem prints it; System RAM becomes its memory
 * @param mtrr its variable MTRRs, as /proc/mtrr prints them
 * @param policies rules added to mainline
 * @param readAheadPages what one readahead of its disk reads at most: read_ahead_kb, in pages
 */
public record MachineConfig(
    KernelProfile profile,
    String iomem,
    String mtrr,
    ImmutableList<Policy> policies,
    int readAheadPages) {
  /** VM_READAHEAD_PAGES: 128 KiB. */
  private static final int READ_AHEAD_PAGES = 32;

  private static final String SMALL =
      """
      00001000-0009fbff : System RAM
      000a0000-000fffff : Reserved
      00100000-3fffffff : System RAM
      40000000-febfffff : PCI Bus 0000:00
        f8000000-fbffffff : 0000:00:03.0
      """;

  /**
   * A machine with 1 GiB of memory and one 64 MiB BAR at 0xf8000000, without MTRRs and policies.
   */
  public static MachineConfig of(KernelProfile profile) {
    return new MachineConfig(profile, SMALL, "", ImmutableList.of(), READ_AHEAD_PAGES);
  }

  /** The same with another resource tree. */
  public MachineConfig withIomem(String text) {
    return new MachineConfig(profile, text, mtrr, policies, readAheadPages);
  }

  /** The same with other MTRRs. */
  public MachineConfig withMtrr(String text) {
    return new MachineConfig(profile, iomem, text, policies, readAheadPages);
  }

  /** The same with these policies. */
  public MachineConfig withPolicies(ImmutableList<Policy> rules) {
    return new MachineConfig(profile, iomem, mtrr, rules, readAheadPages);
  }

  /** The same with a disk that reads this many pages ahead at most. */
  public MachineConfig withReadAheadPages(int pages) {
    return new MachineConfig(profile, iomem, mtrr, policies, pages);
  }
}
