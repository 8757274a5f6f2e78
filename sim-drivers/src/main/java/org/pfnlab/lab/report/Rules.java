package org.pfnlab.lab.report;

import org.pfnlab.lab.print.Document;

/** What may be done to driver memory, as a part of the report. */
@FunctionalInterface
public interface Rules {
  /** Adds the part. */
  void append(Document.Builder page);
}
