/**
 * The referee: reads recordings of real kernels, has a modelled kernel do the same, and compares
 * every answer.
 */
@NullMarked
package org.pfnlab.lab.replay;

import org.jspecify.annotations.NullMarked;
