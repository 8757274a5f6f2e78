/** What people run on the modelled kernel and its drivers, and what all of it shares. */
@NullMarked
package org.pfnlab.lab;

import org.jspecify.annotations.NullMarked;
