/**
 * Processes and the ways they touch memory: loads and stores, system calls that copy, pin or wait,
 * and the files in /proc that tell about them.
 */
@NullMarked
package org.pfnlab.core.task;

import org.jspecify.annotations.NullMarked;
