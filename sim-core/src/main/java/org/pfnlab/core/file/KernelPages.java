package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.Zone;

/**
 * file_operations of an object whose pages the kernel allocates for itself and shows to a process:
 * they are in no page cache, have no mapping, and live as long as the object is open or mapped.
 *
 * <p>Such objects lie on internal mounts, which are noexec.
 */
abstract class KernelPages extends FileOps {
  /** Those that are open, so that the check of invariants finds their pages. */
  static final class Register implements FrameHolder {
    private final List<KernelPages> open = new ArrayList<>();

    @Override
    public void addReferences(Long2IntMap references) {
      for (KernelPages object : open) {
        for (long pfn : object.pfns) {
          references.mergeInt(pfn, 1, Integer::sum);
        }
      }
    }

    void reset() {
      open.clear();
    }
  }

  private final Frames frames;
  private final Register register;

  /** The pages of the object. */
  final long[] pfns;

  /**
   * An object of this many zeroed pages.
   *
   * @throws IllegalStateException if there is no memory
   */
  KernelPages(Frames frames, Register register, int pages) {
    this(frames, register, allocate(frames, pages));
  }

  /** An object of these pages, whose references it takes over. */
  KernelPages(Frames frames, Register register, long[] pfns) {
    this.frames = frames;
    this.register = register;
    this.pfns = pfns;
    register.open.add(this);
  }

  private static long[] allocate(Frames frames, int pages) {
    long[] pfns = new long[pages];
    for (int i = 0; i < pages; i++) {
      pfns[i] = require(frames.alloc(), pages);
      frames.zero(pfns[i]);
    }
    return pfns;
  }

  /**
   * Zeroed pages in a row, as one allocation of some order that is not a compound page.
   *
   * @throws IllegalStateException if there is no memory
   */
  static long[] allocateInARow(Frames frames, int pages) {
    int order = 32 - Integer.numberOfLeadingZeros(pages - 1);
    long first = require(frames.alloc(order, Zone.NORMAL), pages);
    long[] pfns = new long[pages];
    for (int i = 0; i < 1 << order; i++) {
      if (i < pages) {
        pfns[i] = first + i;
        frames.zero(first + i);
      } else {
        frames.put(first + i);
      }
    }
    return pfns;
  }

  private static long require(long pfn, int pages) {
    if (pfn < 0) {
      throw new IllegalStateException("no memory for an object of " + pages + " pages");
    }
    return pfn;
  }

  /** Opens the object for reading and writing. */
  final OpenFile open(String name) {
    return new OpenFile(
        this, AddressSpace.ofDevice(), OpenFile.FMODE_READ | OpenFile.FMODE_WRITE, name);
  }

  @Override
  public final long allowedFlags(OpenFile file, long vmFlags) {
    return (vmFlags & VmFlags.VM_EXEC) != 0 ? -Errno.EPERM : vmFlags & ~VmFlags.VM_MAYEXEC;
  }

  @Override
  public final void release(OpenFile file) {
    register.open.remove(this);
    for (long pfn : pfns) {
      frames.put(pfn);
    }
  }
}
