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
    /** The toy GPU's BAR. */
    BAR("bar"),
    /** The toy GPU's system pages. */
    MODSYS("modsys"),
    /** Everything else. */
    OTHER("other");

    private final String label;

    What(String label) {
      this.label = label;
    }

    /** The recordings' word. */
    public String label() {
      return label;
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
}
