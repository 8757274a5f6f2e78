/** /dev/mem: physical memory as a file. */
@NullMarked
package org.pfnlab.drivers.devmem;

import org.jspecify.annotations.NullMarked;
