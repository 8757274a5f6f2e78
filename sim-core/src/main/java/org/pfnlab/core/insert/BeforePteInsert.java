package org.pfnlab.core.insert;

import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.mm.Vma;

/**
 * A policy's say before an inserter writes entries: after the inserter's own checks and before
 * anything is changed. A range is asked about once, with its first address and frame.
 */
@FunctionalInterface
public interface BeforePteInsert {
  /** Asked by every inserter of this room; the first listener that refuses decides. */
  HookPoint<BeforePteInsert> POINT =
      HookPoint.define(
          "insert:before_pte",
          (first, second) ->
              (vma, address, pfn, special) -> {
                long refused = first.beforeInsert(vma, address, pfn, special);
                return refused != 0 ? refused : second.beforeInsert(vma, address, pfn, special);
              });

  /**
   * Allows or refuses.
   *
   * @param address first address to be mapped, in bytes
   * @param pfn first page frame
   * @param special whether the entries will be raw frames, not counted pages
   * @return 0 or -errno; a fault handler's caller gets VM_FAULT_OOM for -ENOMEM, else
   *     VM_FAULT_SIGBUS
   */
  long beforeInsert(Vma vma, long address, long pfn, boolean special);
}
