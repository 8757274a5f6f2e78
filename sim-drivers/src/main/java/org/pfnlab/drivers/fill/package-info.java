/**
 * The few ways in which drivers fill page tables, as parts that a driver is put together from: an
 * inserter, and when it is called.
 */
@NullMarked
package org.pfnlab.drivers.fill;

import org.jspecify.annotations.NullMarked;
