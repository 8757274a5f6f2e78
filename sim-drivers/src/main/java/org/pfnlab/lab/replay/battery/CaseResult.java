package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;

/**
 * What a case came to.
 *
 * @param answer the fields that the recording program would have printed
 * @param picture the address space around the mapping when the operation was over
 * @param falsePin whether a pin was granted without a page, so that nothing else can be told
 */
record CaseResult(ObjectNode answer, ImmutableList<String> picture, boolean falsePin) {}
