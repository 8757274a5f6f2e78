/** The {@code pfnlab} command line: one class per command, and the contract they all keep. */
@NullMarked
package org.pfnlab.lab.cli;

import org.jspecify.annotations.NullMarked;
