/** What the model itself costs on this machine: JMH, one class per question. */
@NullMarked
package org.pfnlab.benchmarks;

import org.jspecify.annotations.NullMarked;
