/**
 * What kind of kernel this is: its version, its features, its policies, and the error codes it
 * speaks.
 */
@NullMarked
package org.pfnlab.core.kernel;

import org.jspecify.annotations.NullMarked;
