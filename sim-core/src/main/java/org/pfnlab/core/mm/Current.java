package org.pfnlab.core.mm;

import org.jspecify.annotations.Nullable;

/**
 * current->mm: the address space that the CPU runs in. Where one process's memory is changed from
 * within another, what the kernel copies "from user space" comes from here.
 */
public final class Current {
  private @Nullable Mm mm;

  /** Nobody runs yet. */
  public Current() {}

  /** The address space of who runs now, or null before anybody did. */
  public @Nullable Mm mm() {
    return mm;
  }

  /** switch_mm. */
  public void switchTo(@Nullable Mm next) {
    mm = next;
  }
}
