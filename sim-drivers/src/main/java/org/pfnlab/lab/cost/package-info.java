/**
 * What filling page tables costs: strategies run on the model, what they counted, and nanoseconds
 * from a table of prices, each with its source.
 */
@NullMarked
package org.pfnlab.lab.cost;

import org.jspecify.annotations.NullMarked;
