package org.pfnlab.lab.record;

/** Which operations a random sequence may contain. */
public enum Profile {
  /** Anonymous mappings, protection, loads and stores, fork and exit. */
  BASIC("basic", 1),
  /** And files, memfds, mremap, advice, locking, syncing, truncation. */
  MID("mid", 2),
  /** And every way into get_user_pages, guard regions, punched holes, growing stacks, seals. */
  FULL("full", 3);

  private final String word;

  /** Where its weights stand in the table of operations. */
  final int column;

  Profile(String word, int column) {
    this.word = word;
    this.column = column;
  }

  /** Its name in lower case, as in names of recordings. */
  public String word() {
    return word;
  }

  @Override
  public String toString() {
    return word;
  }
}
