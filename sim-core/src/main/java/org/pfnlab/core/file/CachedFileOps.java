package org.pfnlab.core.file;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;

/** What shmem objects and regular files have in common: generic_file_* and hole punching. */
abstract class CachedFileOps extends ObjectOps {
  @Override
  public long fsync(OpenFile file) {
    return 0;
  }

  @Override
  public long punchHole(OpenFile file, long offset, long length) {
    PageCacheFile.of(file).punch(offset, offset + length);
    return 0;
  }

  @Override
  public void release(OpenFile file) {
    PageCacheFile.of(file).close();
  }

  @Override
  OpenFile reopen(OpenFile file, int mode) {
    PageCacheFile object = PageCacheFile.of(file);
    object.open();
    OpenFile another = new OpenFile(this, object.mapping, mode, file.name);
    another.privateData = object;
    return another;
  }

  @Override
  long read(OpenFile file, byte[] bytes, int length, long position) {
    PageCacheFile object = PageCacheFile.of(file);
    long left = object.size() - position;
    int count = (int) Math.max(0, Math.min(left, length));
    if (count > 0) {
      beforeRead(file, object, position, count);
    }
    object.read(bytes, count, position);
    return count;
  }

  /** What a read of bytes that lie inside the object does to its page cache. */
  void beforeRead(OpenFile file, PageCacheFile object, long position, int length) {}

  /** generic_perform_write: page by page; what was written before a refusal counts. */
  @Override
  long write(OpenFile file, byte[] bytes, int length, long position) {
    PageCacheFile object = PageCacheFile.of(file);
    int done = 0;
    while (done < length) {
      long at = position + done;
      int chunk = Math.min(length - done, 4096 - (int) (at & 0xfff));
      long refused = mayWrite(object, at, chunk);
      long wrote = refused != 0 ? refused : object.writePage(bytes, done, chunk, at);
      if (Errno.isError(wrote)) {
        return done > 0 ? done : wrote;
      }
      done += chunk;
    }
    return done;
  }

  /** write_begin's opinion on bytes of one page: 0 or -errno. */
  long mayWrite(PageCacheFile object, long position, int length) {
    return 0;
  }

  @Override
  long truncate(OpenFile file, long size) {
    PageCacheFile.of(file).truncate(size);
    return 0;
  }
}
