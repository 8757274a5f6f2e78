/**
 * What all drivers share towards those who run them: a kind of mapping, the device behind it, and
 * an object of that kind under test.
 */
@NullMarked
package org.pfnlab.drivers.kind;

import org.jspecify.annotations.NullMarked;
