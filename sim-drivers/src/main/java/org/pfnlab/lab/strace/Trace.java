package org.pfnlab.lab.strace;

import com.google.common.collect.ImmutableList;

/**
 * A whole trace. It is in memory as a whole, because what a call is may stand on the line where it
 * ends: the process that a clone makes is seen before that.
 *
 * @param file the trace as the user named it
 * @param events in the order of the lines; calls that leave address spaces alone are not among them
 * @param lines how many lines there are
 */
public record Trace(String file, ImmutableList<TraceEvent> events, long lines) {}
