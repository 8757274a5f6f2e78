/** Address spaces in the middle of a recording, for people to look at. */
@NullMarked
package org.pfnlab.lab.replay.maps;

import org.jspecify.annotations.NullMarked;
