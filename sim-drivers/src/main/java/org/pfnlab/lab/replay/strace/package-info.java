/**
 * Replays strace recordings of real programs: every process of a trace on one modelled machine,
 * call by call, and its address space at exit.
 */
@NullMarked
package org.pfnlab.lab.replay.strace;

import org.jspecify.annotations.NullMarked;
