/**
 * Recordings from the kernel that is running here: scripts, random or the user's, performed by real
 * processes and written down; and how the model compares with them.
 */
@NullMarked
package org.pfnlab.lab.record;

import org.jspecify.annotations.NullMarked;
