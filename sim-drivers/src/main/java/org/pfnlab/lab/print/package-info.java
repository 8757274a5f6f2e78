/**
 * How results look: figures, aligned tables, plots, and the same content as text, Markdown, JSON
 * and CSV. Knows nothing of kernels.
 */
@NullMarked
package org.pfnlab.lab.print;

import org.jspecify.annotations.NullMarked;
