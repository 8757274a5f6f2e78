/** Who passes a proposed rule for dma-buf mappings: every exporter is asked by mapping it. */
@NullMarked
package org.pfnlab.lab.audit;

import org.jspecify.annotations.NullMarked;
