package org.pfnlab.core.pat;

import org.jspecify.annotations.Nullable;

/** Memory types of MTRRs, by the names that /proc/mtrr prints. */
public enum MtrrType {
  /** MTRR_TYPE_UNCACHABLE, 0. */
  UC("uncachable"),

  /** MTRR_TYPE_WRCOMB, 1. */
  WC("write-combining"),

  /** MTRR_TYPE_WRTHROUGH, 4. */
  WT("write-through"),

  /** MTRR_TYPE_WRPROT, 5; Linux never sets one. */
  WP("write-protect"),

  /** MTRR_TYPE_WRBACK, 6. */
  WB("write-back"),

  /** MTRR_TYPE_INVALID, 255: MTRRs are off. */
  INVALID("invalid");

  private final String procName;

  MtrrType(String procName) {
    this.procName = procName;
  }

  /** What /proc/mtrr prints. */
  public String procName() {
    return procName;
  }

  /** The type with this name in /proc/mtrr, or null. */
  static @Nullable MtrrType named(String name) {
    for (MtrrType type : values()) {
      if (type != INVALID && type.procName.equals(name)) {
        return type;
      }
    }
    return null;
  }

  /**
   * The type where MTRRs overlap (check_type_overlap): any UC wins, WB and WT give WT, other
   * differences UC.
   */
  static MtrrType overlap(MtrrType a, MtrrType b) {
    if (a == b) {
      return a;
    }
    return (a == WB && b == WT) || (a == WT && b == WB) ? WT : UC;
  }

  /**
   * What the CPU does with a page whose page-table entry says {@code pat} where MTRRs say this
   * (Intel SDM 3A, effective page-level memory types): UC, WC, WT, WB or WP. A CPU whose MTRRs are
   * off treats all memory as UC.
   *
   * @throws UnsupportedOperationException for write-protected MTRRs, whose column is not certain
   */
  public CacheMode effective(CacheMode pat) {
    return switch (this) {
      case WP -> throw new UnsupportedOperationException("write-protected MTRRs are not modelled");
      case WB -> pat == CacheMode.UC_MINUS ? CacheMode.UC : pat;
      case UC, INVALID -> pat == CacheMode.WC ? CacheMode.WC : CacheMode.UC;
      case WC ->
          switch (pat) {
            case UC, WT, WP -> CacheMode.UC;
            case UC_MINUS, WC, WB -> CacheMode.WC;
          };
      case WT ->
          switch (pat) {
            case UC, UC_MINUS -> CacheMode.UC;
            case WC -> CacheMode.WC;
            case WT, WB -> CacheMode.WT;
            case WP -> CacheMode.WP;
          };
    };
  }
}
