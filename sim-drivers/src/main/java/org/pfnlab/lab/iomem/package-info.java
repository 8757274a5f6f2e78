/**
 * /proc/iomem files as people bring them: reading, summing up, finding the addresses that matter.
 */
@NullMarked
package org.pfnlab.lab.iomem;

import org.jspecify.annotations.NullMarked;
