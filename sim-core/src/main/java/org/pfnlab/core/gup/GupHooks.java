package org.pfnlab.core.gup;

import org.pfnlab.core.kernel.HookPoint;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;

/** Where a policy may have a say in get_user_pages. */
public final class GupHooks {
  /** Asked by the slow path, once per VMA, before the verdict of check_vma_flags is used. */
  @FunctionalInterface
  public interface SlowCheck {
    /**
     * Replaces or keeps the verdict.
     *
     * @param flags {@link GupFlags}
     * @param verdict 0 or -errno, as the kernel or an earlier policy decided
     * @return 0 or -errno
     */
    long check(Vma vma, long address, int flags, long verdict);
  }

  /** Asked by the fast path, once per leaf entry that passed the kernel's own tests. */
  @FunctionalInterface
  public interface FastCheck {
    /**
     * Whether the fast path may take the page; otherwise it stops and the slow path goes on.
     *
     * @param pte the leaf entry
     * @param level 1 for 4K, 2 for 2M, 3 for 1G
     * @param flags {@link GupFlags}
     */
    boolean allows(Mm mm, long address, long pte, int level, int flags);
  }

  /** __get_user_pages, after check_vma_flags. */
  public static final HookPoint<SlowCheck> SLOW =
      HookPoint.define(
          "check_vma_flags:verdict",
          (first, second) ->
              (vma, address, flags, verdict) ->
                  second.check(vma, address, flags, first.check(vma, address, flags, verdict)));

  /** gup_fast_pte_range and its brothers, before the reference is taken. */
  public static final HookPoint<FastCheck> FAST =
      HookPoint.define(
          "gup_fast_pte_range:before_grab",
          (first, second) ->
              (mm, address, pte, level, flags) ->
                  first.allows(mm, address, pte, level, flags)
                      && second.allows(mm, address, pte, level, flags));

  private GupHooks() {}
}
