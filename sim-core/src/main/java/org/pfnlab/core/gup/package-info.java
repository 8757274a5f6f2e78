/**
 * get_user_pages: how the kernel gets hold of the pages behind user addresses, with the VMA's rules
 * (slow), without looking at any VMA (fast), and for frames that have no struct page (followers).
 */
@NullMarked
package org.pfnlab.core.gup;

import org.jspecify.annotations.NullMarked;
