/** Objects that processes map: shared memory, regular files, special targets. */
@NullMarked
package org.pfnlab.core.file;

import org.jspecify.annotations.NullMarked;
