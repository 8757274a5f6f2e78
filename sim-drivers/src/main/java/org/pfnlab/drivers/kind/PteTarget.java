package org.pfnlab.drivers.kind;

/**
 * What a page-table entry points to, in the words of the recordings.
 *
 * @param what where the page frame lies
 * @param page its page inside that, relative to the object; 0 for {@link What#OTHER}
 */
public record PteTarget(What what, long page) {
  /** Anything that the driver does not name: private copies, anonymous memory, other devices. */
  public static final PteTarget OTHER = new PteTarget(What.OTHER, 0);

  /** Places that are told apart. */
  public enum What {
    /** The test device's BAR. */
    BAR("bar", true),
    /** The test module's system pages. */
    MODSYS("modsys", true),
    /** A buffer of the DMA API. */
    DMA("dma", true),
    /** Addresses between RAM that belong to nobody. */
    RAM_HOLE("ram_hole", false),
    /** Everything else. */
    OTHER("other", false);

    private final String label;
    private final boolean toldOfEntries;

    What(String label, boolean toldOfEntries) {
      this.label = label;
      this.toldOfEntries = toldOfEntries;
    }

    /** The recordings' word. */
    public String label() {
      return label;
    }

    /** Whether the recordings tell it of page-table entries, not of memtype lists only. */
    public boolean toldOfEntries() {
      return toldOfEntries;
    }
  }

  /** A page of the BAR. */
  public static PteTarget bar(long page) {
    return new PteTarget(What.BAR, page);
  }

  /** One of the driver's system pages. */
  public static PteTarget modsys(long page) {
    return new PteTarget(What.MODSYS, page);
  }

  /** A page of a DMA buffer. */
  public static PteTarget dma(long page) {
    return new PteTarget(What.DMA, page);
  }

  /** A page of a hole in RAM. */
  public static PteTarget ramHole(long page) {
    return new PteTarget(What.RAM_HOLE, page);
  }
}
