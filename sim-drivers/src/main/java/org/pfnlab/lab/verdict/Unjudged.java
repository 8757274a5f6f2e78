package org.pfnlab.lab.verdict;

import com.google.common.collect.ImmutableSet;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.pfnmap.PfnmapFeatures;
import org.pfnlab.core.phys.LruBatches;

/**
 * What nobody judges, because the kernel itself does not repeat it or because it is about the
 * machine that ran it. Such operations and fields are left out of a comparison; they count as
 * nothing.
 */
public enum Unjudged {
  /** Timing lines and fields. */
  ELAPSED_TIMES("all", "elapsed times", "an emulated CPU was timed"),

  /** Numbers inside kernel messages. */
  MESSAGE_NUMBERS(
      "all",
      "addresses, registers, line numbers and offsets inside klog; pids",
      "they belong to one boot of one build"),

  /** Calls of other processes. */
  OTHER_TASKS("all", "other_tasks", "what else happened to run meanwhile"),

  /** What a trace says of other things than address spaces. */
  TRACE_SURROUNDINGS(
      "all",
      "strace: failed execve, calls that leave the layout of an address space alone, inodes,"
          + " how far the stack grew, the gate page",
      "files, descriptors and page faults are not in a trace of memory calls"),

  /** Borders between VMAs that look alike. */
  TRACE_BORDERS(
      "all",
      "strace: a border at exit between two VMAs that continue each other, where the model has one",
      "they were faulted apart, and faults are not in a trace"),

  /** Symbols that stand for no event of the model. */
  UNCOUNTED_SYMBOLS(
      "all",
      "counts of the symbols that counted-symbols.txt leaves out, TLB-flush batching among them",
      "a compiler's or an emulated CPU's doing, see the reasons there"),

  /** Steps of one walk. */
  WALK_STEPS(
      "all",
      "next_resource and next_resource_skip_children one by one; their sum is judged",
      "releases and compilers split the same walk differently"),

  /** Pages that migrate while they are pinned. */
  MIGRATING_PINS(
      "6.1.192",
      "udmabuf: gup_test:pin_longterm* and iouring_register_buffers",
      "the pages migrate out of CMA while they are pinned, and how many calls succeed varies"),

  /** Garbage behind a false success. */
  FALSE_PINS(
      "5.11",
      "what follows once FOLL_PIN was granted for a special entry of a VM_MIXEDMAP VMA;"
          + " that it did not fail is judged",
      "the caller works with an array slot that was never written"),

  /** Garbage behind an array. */
  MISSING_BOUNDS_CHECK(
      "5.11",
      "udmabuf after mremap:grow_* past its end; that it is no SIGBUS is judged",
      "the fault handler reads behind its page array"),

  /** Where an anonymous page lies. */
  WALK_TO_PRIVATE_COPY(
      "5.11",
      "counts: resources that fork, munmap and revocation of a private mapping visit",
      "once its first page is copied, the walk goes to wherever the copy lies in RAM"),

  /** Pages in a batch of the LRU. */
  REUSE_BESIDE_OUTPUT(
      "6.18",
      "counts: wp_page_copy and rmaps of touch_store_after_fork in private mappings",
      "a page that waits in the CPU's LRU batches is copied; the recording program's own output"
          + " goes through the same batches and decides which page that is"),

  /** Nodes of an unknown tree. */
  UNRECORDED_TREE(
      "6.1.192", "counts_dma_mmap: iomem_nodes_visited", "that machine's tree is not recorded");

  private static final ImmutableSet<String> WALKING =
      ImmutableSet.of("fork", "munmap", "revoke_even_cows");
  private static final Version V6_1_192 = Version.parse("v6.1.192");

  private final String kernels;
  private final String what;
  private final String why;

  Unjudged(String kernels, String what, String why) {
    this.kernels = kernels;
    this.what = what;
    this.why = why;
  }

  /** The releases that it is about. */
  public String kernels() {
    return kernels;
  }

  /** What is left out. */
  public String what() {
    return what;
  }

  /** Why nobody can judge it. */
  public String why() {
    return why;
  }

  /**
   * Whether the kernel looks for the frames of a tracked mapping in its first entry, which may be a
   * private copy by now.
   */
  public static boolean isWalkToPrivateCopy(
      KernelProfile kernel, boolean privateMapping, String operation) {
    return privateMapping
        && !kernel.has(PfnmapFeatures.PAT_PFN_FROM_PGOFF)
        && !kernel.has(PfnmapFeatures.PFNMAP_TRACK_CTX)
        && WALKING.contains(operation);
  }

  /** Whether pages that were used by others may be waiting in a batch of the LRU. */
  public static boolean isReuseBesideOutput(
      KernelProfile kernel, boolean privateMapping, String operation) {
    return privateMapping
        && kernel.has(LruBatches.LRU_BATCHES)
        && operation.equals("touch_store_after_fork");
  }

  /** Whether a whole case is left out. */
  public static boolean isWholeCase(Version kernel, String kind, String operation) {
    return kernel.equals(V6_1_192)
        && kind.equals("udmabuf")
        && (operation.startsWith("gup_test:pin_longterm")
            || operation.equals("iouring_register_buffers"));
  }
}
