/**
 * Recordings of process-side memory operations: one operation a line, performed in processes that
 * share a window of 4096 pages.
 */
@NullMarked
package org.pfnlab.lab.replay.process;

import org.jspecify.annotations.NullMarked;
