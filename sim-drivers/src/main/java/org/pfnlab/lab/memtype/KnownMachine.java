package org.pfnlab.lab.memtype;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.Mtrr;
import org.pfnlab.core.pat.MtrrType;
import org.pfnlab.core.pat.RamPageTypes;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;

/**
 * What is known of the machine that a list comes from. Without a resource tree everything is taken
 * for device memory; without MTRRs they are taken to be as firmware leaves them: write-back for
 * RAM, uncached for the rest. RAM pages are taken to be write-back, as they are unless a driver
 * changed them.
 *
 * @param kernel the kernel that decides
 * @param tree its resources, or null
 * @param mtrr its MTRRs, or null
 */
public record KnownMachine(Kernel kernel, @Nullable ResourceTree tree, @Nullable Mtrr mtrr) {
  /**
   * Reads the files that there are.
   *
   * @throws BadInput if one is damaged
   */
  public static KnownMachine read(Kernel kernel, @Nullable Path iomem, @Nullable Path mtrr)
      throws IOException {
    return new KnownMachine(
        kernel,
        iomem == null ? null : IomemFile.read(iomem).parse(kernel),
        mtrr == null ? null : mtrrs(mtrr));
  }

  private static Mtrr mtrrs(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw BadInput.in(path.toString(), "is a directory, expected a copy of /proc/mtrr");
    }
    try {
      return Mtrr.parse(Files.readString(path, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw BadInput.in(path.toString(), String.valueOf(e.getMessage())).causedBy(e);
    }
  }

  /** Its record of reservations, with nothing in it, for a question about what begins here. */
  Memtypes memtypes(long start) {
    ResourceTree resources = tree == null ? new ResourceTree(kernel) : tree;
    return new Memtypes(kernel, resources, mtrrAt(start), new PagesOfOneRange(), 0);
  }

  /** The MTRR type of a range, assumed where no MTRRs are known. */
  MtrrType mtrrType(long start, long end) {
    return mtrrAt(start).type(start, end);
  }

  private Mtrr mtrrAt(long start) {
    if (mtrr != null) {
      return mtrr;
    }
    ResourceTree resources = tree;
    boolean ram = resources != null && resources.pageIsRam(start >>> 12);
    return Mtrr.of(ram ? MtrrType.WB : MtrrType.UC, Mtrr.USUAL_REGISTERS);
  }

  /** Pages that are all write-back but for one range, the one that was set. */
  private static final class PagesOfOneRange implements RamPageTypes {
    private long first = Long.MAX_VALUE;
    private long last = -1;
    private int type;

    @Override
    public int type(long pfn) {
      return pfn >= first && pfn <= last ? type : 0;
    }

    @Override
    public void set(long pfn, int itsType) {
      first = Math.min(first, pfn);
      last = Math.max(last, pfn);
      type = itsType;
    }
  }
}
