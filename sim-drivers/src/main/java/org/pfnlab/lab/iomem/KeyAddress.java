package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.lab.BadInput;

/**
 * An address worth asking about.
 *
 * @param address in bytes
 * @param what why it is worth it, in a few words
 */
public record KeyAddress(long address, String what) {
  private static final long MIB = 1L << 20;
  private static final long FOUR_GIB = 1L << 32;
  private static final int ADDRESS_BITS = 52;

  /**
   * The addresses that everybody asks about: RAM above 1 MiB and the last piece of RAM; the first,
   * the last and the biggest BAR. One that is several of them comes once.
   */
  public static ImmutableList<KeyAddress> of(ResourceTree tree) {
    Map<Long, String> found = new LinkedHashMap<>();
    List<RamPieces.Piece> ram = RamPieces.of(tree).pieces();
    for (RamPieces.Piece piece : ram) {
      if (piece.end() >= MIB) {
        name(found, Math.max(piece.start(), MIB), "low RAM");
        break;
      }
    }
    if (!ram.isEmpty()) {
      long last = ram.get(ram.size() - 1).start();
      if (last >= MIB) {
        name(found, last, last >= FOUR_GIB ? "high RAM" : "last RAM");
      }
    }
    Bars bars = Bars.of(tree);
    Bars.Found biggest = bars.biggest();
    if (biggest != null) {
      List<Bars.Found> all = bars.all();
      nameBar(found, all.get(0), "first BAR");
      nameBar(found, biggest, "biggest BAR");
      nameBar(found, all.get(all.size() - 1), "last BAR");
    }
    ImmutableList.Builder<KeyAddress> list = ImmutableList.builder();
    found.forEach((address, what) -> list.add(new KeyAddress(address, what)));
    return list.build();
  }

  private static void nameBar(Map<Long, String> found, Bars.Found bar, String what) {
    name(found, bar.start(), what);
  }

  private static void name(Map<Long, String> found, long address, String what) {
    found.merge(address, what, (a, b) -> a + ", " + b);
  }

  /**
   * An address that somebody typed: hexadecimal, with or without 0x.
   *
   * @throws BadInput if it is none, or more than x86 can address
   */
  public static KeyAddress parse(String typed) {
    String digits = typed.startsWith("0x") || typed.startsWith("0X") ? typed.substring(2) : typed;
    if (!digits.matches("[0-9a-fA-F]{1,16}")) {
      throw BadInput.because(
          "address '" + typed + "' is not hexadecimal; write it like fd000000 or 0xfd000000");
    }
    long address = Long.parseUnsignedLong(digits, 16);
    if (address >>> ADDRESS_BITS != 0) {
      throw BadInput.because(
          "address '"
              + typed
              + "' has more than the "
              + ADDRESS_BITS
              + " bits of x86-64; is a"
              + " digit doubled?");
    }
    return new KeyAddress(address, "");
  }
}
