package org.pfnlab.drivers.fill;

import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.PageAttributeTable;

/**
 * pgprot_writecombine and pgprot_noncached of x86: a protection with a wish for a cache mode. Most
 * inserters replace the wish by what is reserved for the page.
 */
public final class Pgprot {
  private Pgprot() {}

  /** A protection with the cache mode that PAT knows of a page frame. */
  public static long known(Machine machine, long pfn, long prot) {
    if (!machine.memtypes().enabled()) {
      return prot;
    }
    CacheMode mode = machine.memtypes().lookup(pfn << 12);
    return Pte.withCacheBits(prot, PageAttributeTable.of(machine.kernel()).bits(mode));
  }

  /** pgprot_writecombine; without PAT it asks for UC-. */
  public static long writeCombine(Kernel kernel, long prot) {
    return prot | PageAttributeTable.of(kernel).bits(CacheMode.WC);
  }

  /** pgprot_noncached: UC-. */
  public static long noncached(Kernel kernel, long prot) {
    return prot | PageAttributeTable.of(kernel).bits(CacheMode.UC_MINUS);
  }
}
