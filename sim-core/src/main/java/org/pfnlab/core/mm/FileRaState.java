package org.pfnlab.core.mm;

/**
 * struct file_ra_state: the last readahead through an open file, in pages of the file.
 *
 * <pre>
 *   start                start + size - asyncSize          start + size
 *   |------------------------|---------- asyncSize ----------|
 *                            page with the readahead mark
 * </pre>
 */
public final class FileRaState {
  /** First page of the window. */
  public long start;

  /** Pages in the window. */
  public long size;

  /** Pages of the window from the marked one on. */
  public long asyncSize;

  /** Order of the folios that were asked for. */
  public int order;

  /** Faults that missed the page cache, less those that hit it. */
  public int mmapMiss;

  /** Where the last read ended, in bytes; nowhere at first. */
  public long prevPos = -1;

  /** Nothing was read yet. */
  public FileRaState() {}
}
