/** The main job: one machine's resource tree, and what it means for drivers that map memory. */
@NullMarked
package org.pfnlab.lab.report;

import org.jspecify.annotations.NullMarked;
