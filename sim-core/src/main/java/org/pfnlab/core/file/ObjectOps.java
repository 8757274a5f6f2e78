package org.pfnlab.core.file;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.FileOps;
import org.pfnlab.core.mm.OpenFile;

/**
 * file_operations of the objects of this room: besides mapping, what read, write, ftruncate and
 * fcntl do with them. The calls come with the mode of the open file checked already.
 */
abstract class ObjectOps extends FileOps {
  /** MAX_LFS_FILESIZE, unless the filesystem cannot hold that much. */
  @Override
  public long maxBytes() {
    return Long.MAX_VALUE;
  }

  /** pread: bytes read, 0 at the end, or -errno. */
  long read(OpenFile file, byte[] bytes, int length, long position) {
    return -Errno.EINVAL;
  }

  /** pwrite: bytes written or -errno. */
  long write(OpenFile file, byte[] bytes, int length, long position) {
    return -Errno.EINVAL;
  }

  /** ftruncate to this many bytes: 0 or -errno. */
  long truncate(OpenFile file, long size) {
    return -Errno.EINVAL;
  }

  /** fcntl(F_ADD_SEALS): 0 or -errno. */
  long addSeals(OpenFile file, int seals) {
    return -Errno.EINVAL;
  }

  /** The object once more, as a new open file description. */
  abstract OpenFile reopen(OpenFile file, int mode);
}
