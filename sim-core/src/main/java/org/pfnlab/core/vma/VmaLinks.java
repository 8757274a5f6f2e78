package org.pfnlab.core.vma;

import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;

/**
 * Linking VMAs into the file side (vma_link_file, unlink_file_vma) and giving up their references.
 */
final class VmaLinks {
  private VmaLinks() {}

  /** Makes the VMA visible to unmap_mapping_range. */
  static void linkFile(Vma vma) {
    OpenFile file = vma.file;
    if (file != null) {
      file.mapping.mappers.add(vma);
    }
  }

  /** Hides the VMA from unmap_mapping_range. */
  static void unlinkFile(Vma vma) {
    OpenFile file = vma.file;
    if (file != null) {
      file.mapping.mappers.remove(vma);
    }
  }
}
