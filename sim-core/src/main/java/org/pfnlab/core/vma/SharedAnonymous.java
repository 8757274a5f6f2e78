package org.pfnlab.core.vma;

import org.pfnlab.core.mm.OpenFile;

/** shmem_zero_setup: makes the object behind MAP_SHARED|MAP_ANONYMOUS. */
@FunctionalInterface
public interface SharedAnonymous {
  /**
   * A new, unnamed shared memory object.
   *
   * @param size bytes
   */
  OpenFile create(long size);
}
