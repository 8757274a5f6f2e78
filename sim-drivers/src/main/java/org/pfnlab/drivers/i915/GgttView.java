package org.pfnlab.drivers.i915;

/**
 * i915_vma with its i915_ggtt_view: a range of an object's pages, and where it is bound in the
 * aperture.
 */
final class GgttView {
  /** The object. */
  final I915Object object;

  /** First page of the object. */
  final long first;

  /** Length in pages. */
  final long pages;

  /** First page in the aperture. */
  final long boundAt;

  /** Some mapping may have entries that lead here (I915_VMA_USERFAULT). */
  boolean userFault;

  GgttView(I915Object object, long first, long pages, long boundAt) {
    this.object = object;
    this.first = first;
    this.pages = pages;
    this.boundAt = boundAt;
  }

  boolean is(I915Object other, long otherFirst, long otherPages) {
    return object == other && first == otherFirst && pages == otherPages;
  }
}
