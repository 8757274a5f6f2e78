package org.pfnlab.lab.iomem;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;

/**
 * The System RAM of a tree: resources that the RAM test takes for RAM and that do not lie inside
 * another one, as the kernel's own code does.
 *
 * @param pieces by address
 */
public record RamPieces(ImmutableList<Piece> pieces) {
  private static final int RAM = Iores.SYSTEM_RAM | Iores.BUSY;

  /**
   * One of them.
   *
   * @param start first byte
   * @param end last byte
   */
  public record Piece(long start, long end) {}

  /** Looks for them. */
  public static RamPieces of(ResourceTree tree) {
    ImmutableList.Builder<Piece> pieces = ImmutableList.builder();
    for (int i = 0; i < tree.size(); ) {
      if ((tree.flags(i) & RAM) == RAM) {
        pieces.add(new Piece(tree.start(i), tree.end(i)));
        i = tree.next(i);
      } else {
        i++;
      }
    }
    return new RamPieces(pieces.build());
  }

  /** Their bytes. */
  public long size() {
    long size = 0;
    for (Piece piece : pieces) {
      size += piece.end - piece.start + 1;
    }
    return size;
  }
}
