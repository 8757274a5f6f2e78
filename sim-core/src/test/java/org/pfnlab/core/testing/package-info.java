/** What the rooms' tests share. */
@NullMarked
package org.pfnlab.core.testing;

import org.jspecify.annotations.NullMarked;
