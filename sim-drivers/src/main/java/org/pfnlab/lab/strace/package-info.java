/** Reads what strace(1) writes about memory, and copies of /proc/pid/maps. */
@NullMarked
package org.pfnlab.lab.strace;

import org.jspecify.annotations.NullMarked;
