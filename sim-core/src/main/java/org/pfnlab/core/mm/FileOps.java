package org.pfnlab.core.mm;

import org.pfnlab.core.kernel.Errno;

/** file_operations, as far as memory mapping goes. Drivers extend it. */
public abstract class FileOps {
  /** Whether there is an mmap operation at all; without one mmap(2) answers ENODEV. */
  public boolean hasMmap() {
    return true;
  }

  /**
   * Where a mapping has to end, in bytes of the file, unsigned: s_maxbytes of a regular file; a
   * device may be mapped up to the end of 64 bits.
   */
  public long maxBytes() {
    return -1;
  }

  /**
   * What a mapping of this file may be, asked by mmap(2) before anything is changed: a noexec mount
   * takes VM_MAYEXEC, the seals of a memfd take VM_MAYWRITE.
   *
   * @return the VM_* flags that are left, or -errno
   */
  public long allowedFlags(OpenFile file, long vmFlags) {
    return vmFlags;
  }

  /**
   * The mmap operation, called with mmap_lock held for writing. It may set flags, ops, page
   * protection, offset and file of the VMA and may fill it.
   *
   * @return 0 or -errno
   */
  public abstract long mmap(Vma vma);

  /** Flags beyond the legacy ones that MAP_SHARED_VALIDATE accepts (mmap_supported_flags). */
  public long mmapSupportedFlags() {
    return 0;
  }

  /**
   * Whether there is a get_unmapped_area operation of the driver's own; mremap then moves its VMAs
   * one by one only. shmem and filesystems that merely align for huge pages do not count.
   */
  public boolean choosesAddress() {
    return false;
  }

  /**
   * get_unmapped_area: whether a mapping may lie where the caller wants it.
   *
   * @param hint the wanted byte address; 0 where there is none
   * @param pgoff the page of the object that will be mapped first
   * @return 0 to go on as without the operation, or -errno
   */
  public long checkAddress(long hint, long pgoff) {
    return 0;
  }

  /**
   * thp_get_unmapped_area: whether the file system places long mappings so that offset and address
   * fit huge pages, as ext4, xfs and btrfs do.
   */
  public boolean alignsForHugePages() {
    return false;
  }

  /** fsync of the whole file; a driver without one answers EINVAL to msync(MS_SYNC). */
  public long fsync(OpenFile file) {
    return -Errno.EINVAL;
  }

  /** fsync over the bytes [start, end), for files that have something to write. */
  public long fsyncRange(OpenFile file, long start, long end) {
    return fsync(file);
  }

  /**
   * fallocate(PUNCH_HOLE), which MADV_REMOVE uses; the range is in bytes.
   *
   * @return 0 or -errno
   */
  public long punchHole(OpenFile file, long offset, long length) {
    return -Errno.ENODEV;
  }

  /** posix_fadvise(WILLNEED), which MADV_WILLNEED uses; the range is in bytes. */
  public void willNeed(OpenFile file, long offset, long length) {}

  /** Called when the last reference is dropped. */
  public void release(OpenFile file) {}
}
