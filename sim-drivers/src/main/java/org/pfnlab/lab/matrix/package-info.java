/**
 * What user space sees when it does something to a mapping: kinds of memory times operations, one
 * verdict a cell, each found by running the model, under one kernel or several.
 */
@NullMarked
package org.pfnlab.lab.matrix;

import org.jspecify.annotations.NullMarked;
