/**
 * Recordings as files: found by their content, read line by line, checked field by field, with the
 * machine that they were made on.
 */
@NullMarked
package org.pfnlab.lab.recording;

import org.jspecify.annotations.NullMarked;
