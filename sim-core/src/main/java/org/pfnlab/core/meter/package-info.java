/**
 * The one instrument: events that are counted always, stories that are told only while tracing.
 *
 * <p>Imports nothing of the model, so that every room can report to it.
 */
@NullMarked
package org.pfnlab.core.meter;

import org.jspecify.annotations.NullMarked;
