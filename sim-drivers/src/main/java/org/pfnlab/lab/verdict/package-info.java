/**
 * What a comparison comes to: matches, mismatches with all that explains them, things not judged.
 */
@NullMarked
package org.pfnlab.lab.verdict;

import org.jspecify.annotations.NullMarked;
