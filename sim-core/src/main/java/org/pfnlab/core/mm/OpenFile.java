package org.pfnlab.core.mm;

import org.jspecify.annotations.Nullable;

/**
 * struct file: an open file description. Two opens of one object are two of these, and VMAs of one
 * are never merged with those of the other.
 */
public final class OpenFile {
  /** FMODE_READ. */
  public static final int FMODE_READ = 1;

  /** FMODE_WRITE. */
  public static final int FMODE_WRITE = 2;

  private int references = 1;

  /** f_op. */
  public final FileOps ops;

  /** f_mapping: whose i_mmap the VMAs of this file are linked to. */
  public AddressSpace mapping;

  /** f_mode: {@link #FMODE_READ}, {@link #FMODE_WRITE}. */
  public final int mode;

  /** private_data. */
  public @Nullable Object privateData;

  /** f_ra. */
  public final FileRaState readahead = new FileRaState();

  /** What snapshots call it. */
  public final String name;

  /** An open file with one reference. */
  public OpenFile(FileOps ops, AddressSpace mapping, int mode, String name) {
    this.ops = ops;
    this.mapping = mapping;
    this.mode = mode;
    this.name = name;
  }

  /** get_file. */
  public void get() {
    references++;
  }

  /** fput: the last reference calls {@link FileOps#release}. */
  public void put() {
    if (references <= 0) {
      throw new IllegalStateException(name + ": more references dropped than taken");
    }
    if (--references == 0) {
      ops.release(this);
    }
  }

  /** f_count. */
  public int references() {
    return references;
  }

  /** Whether it was opened for this ({@link #FMODE_READ} or {@link #FMODE_WRITE}). */
  public boolean canAccess(int fmode) {
    return (mode & fmode) == fmode;
  }
}
