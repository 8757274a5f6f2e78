package org.pfnlab.lab.print;

/** The forms in which commands print results, by the names that {@code --format} takes. */
public enum Format {
  /** For people. */
  table,
  /** For programs: one JSON value with everything. */
  json,
  /** For spreadsheets: the main table alone. */
  csv
}
