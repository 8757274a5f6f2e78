package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;

/**
 * What a case came to.
 *
 * @param answer the fields that the recording program would have printed
 * @param picture the address space around the mapping when the operation was over
 * @param garbage whether the kernel works with garbage from some point on, so that little can be
 *     told
 */
record CaseResult(ObjectNode answer, ImmutableList<String> picture, Garbage garbage) {}
