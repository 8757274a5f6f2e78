package org.pfnlab.lab.verdict;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;

/**
 * An operation that the modelled kernel answers differently from the real one.
 *
 * @param file the recording as the user named it
 * @param line where in it, counted from 1
 * @param kernel the modelled kernel's spec
 * @param operation the operation with its inputs, in one line
 * @param expected the recorded answer
 * @param got the modelled answer
 * @param differences the places where they differ
 * @param picture the address space around the operation after it, in lines; empty where there is
 *     none
 */
public record Mismatch(
    String file,
    long line,
    String kernel,
    String operation,
    JsonNode expected,
    JsonNode got,
    ImmutableList<Difference> differences,
    ImmutableList<String> picture) {}
