package org.pfnlab.drivers.kind;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.mm.OpenFile;

/**
 * One object of some {@link Kind}, made and opened for reading and writing, ready to be mapped:
 * pages [0, {@link #pages}) of it start at byte {@link #offset} of {@link #file}.
 *
 * <p>Closing it closes what user space holds; mappings keep the object alive as long as the driver
 * says so.
 */
public abstract class ObjectUnderTest implements AutoCloseable {
  /** 0, or the -errno with which it could not be made; then nothing else may be asked. */
  public long errno() {
    return 0;
  }

  /** The open file to be mapped. */
  public abstract OpenFile file();

  /** The mmap offset of its first page, in bytes. */
  public abstract long offset();

  /** How many pages may be mapped from there; one more is too long. */
  public abstract long pages();

  /**
   * Opens the same file once more through its path or /proc/self/fd, and prepares the new
   * description as the first one was prepared.
   *
   * @param mode FMODE_* bits of {@link OpenFile}
   */
  public abstract Opened reopen(int mode);

  /**
   * The driver takes the object away from everybody who maps it.
   *
   * @param evenCows whether private copies go too
   * @return 0, or -ENOTTY where user space cannot ask for it
   */
  public long revoke(boolean evenCows) {
    return -Errno.ENOTTY;
  }

  /** The object's own first eight bytes of a page, whoever maps it. */
  public abstract long word(long page);

  /** What a page-table entry with this page frame number points to. */
  public PteTarget target(long pfn) {
    return PteTarget.OTHER;
  }

  @Override
  public abstract void close();

  /**
   * An object that could not be made.
   *
   * @param errno a negated error number
   */
  public static ObjectUnderTest refused(long errno) {
    return new Refused(errno);
  }

  private static final class Refused extends ObjectUnderTest {
    private final long errno;

    Refused(long errno) {
      this.errno = errno;
    }

    @Override
    public long errno() {
      return errno;
    }

    @Override
    public OpenFile file() {
      throw missing();
    }

    @Override
    public long offset() {
      throw missing();
    }

    @Override
    public long pages() {
      throw missing();
    }

    @Override
    public Opened reopen(int mode) {
      throw missing();
    }

    @Override
    public long word(long page) {
      throw missing();
    }

    @Override
    public void close() {}

    private IllegalStateException missing() {
      return new IllegalStateException(
          "the object could not be made (" + Errno.name(errno) + "); ask errno() first");
    }
  }
}
