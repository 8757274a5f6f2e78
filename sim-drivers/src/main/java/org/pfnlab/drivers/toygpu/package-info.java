/**
 * A GPU that exists only here: the test module behind the recordings, whose mmap does nothing but
 * call one inserter, on a real BAR or on system pages.
 */
@NullMarked
package org.pfnlab.drivers.toygpu;

import org.jspecify.annotations.NullMarked;
