/** The files that sysfs has for the BARs of PCI devices. */
@NullMarked
package org.pfnlab.drivers.pci;

import org.jspecify.annotations.NullMarked;
