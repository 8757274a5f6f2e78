package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import it.unimi.dsi.fastutil.longs.Long2IntMap;
import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PteCursor;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.Smaps;
import org.pfnlab.lab.verdict.Picture;

/**
 * The operations that only look: smaps, pagemap and frame numbers of the window, as the recorder
 * prints them.
 */
final class Snapshots {
  private static final int ABSENT = -2;
  private static final int ZERO_PAGE = -1;

  private final Session session;
  private final IdentityHashMap<AddressSpace, String> objects = new IdentityHashMap<>();
  private int sharedAnonymous;

  Snapshots(Session session) {
    this.session = session;
  }

  /** An object that later snapshots call by this name. */
  void name(AddressSpace object, String name) {
    objects.putIfAbsent(object, name);
  }

  /** Every VMA that begins in the window. */
  ObjectNode maps(Process process) {
    ObjectNode answer = Answer.empty();
    ArrayNode vmas = answer.putArray("vmas");
    Mm mm = process.mm;
    for (int i = mm.vmas.indexFrom(session.window.base()); i < mm.vmas.size(); i++) {
      Vma vma = mm.vmas.get(i);
      if (session.window.contains(vma.start)) {
        vmas.add(describe(vma));
      }
    }
    return answer;
  }

  private ObjectNode describe(Vma vma) {
    Smaps.Counts counts = session.machine.smaps().of(vma);
    OpenFile file = vma.file;
    ObjectNode answer =
        Answer.empty()
            .put("s", session.window.page(vma.start))
            .put("n", vma.pages())
            .put("perm", VmFlags.permissions(vma.flags))
            .put("obj", file == null ? specialName(vma) : objectName(file))
            .put("off", file == null ? 0 : vma.pgoff)
            .put("rss", counts.rss())
            .put("priv", counts.exclusive())
            .put("shr", counts.shared())
            .put("anon", counts.anonymous())
            .put("swap", 0);
    if (counts.huge() > 0) {
      answer.put("thp", counts.huge());
    }
    return answer.put("fl", VmFlags.letters(vma.flags, session.machine.kernel()));
  }

  /** The name of a mapping that has no file, without its brackets; null where it has none. */
  private static @Nullable String specialName(Vma vma) {
    String name = vma.ops == null ? null : vma.ops.name(vma);
    return name == null ? null : name.substring(1, name.length() - 1);
  }

  /** Shared anonymous objects are numbered by their first appearance in a snapshot. */
  private String objectName(OpenFile file) {
    return objects.computeIfAbsent(file.mapping, unnamed -> "s" + sharedAnonymous++);
  }

  /** Runs of pages that look the same in pagemap. */
  ObjectNode pagemap(Process process) {
    ObjectNode answer = Answer.empty();
    ArrayNode runs = answer.putArray("runs");
    PageScan scan = new PageScan(process.mm);
    long first = 0;
    String letters = "";
    for (long page = 0; page <= Window.PAGES; page++) {
      if (letters.isEmpty()) {
        page = scan.entryFrom(page);
      }
      String now = page == Window.PAGES ? "" : scan.at(page).letters();
      if (!now.equals(letters)) {
        if (!letters.isEmpty()) {
          runs.addArray().add(first).add(page - first).add(letters);
        }
        first = page;
        letters = now;
      }
    }
    return answer;
  }

  /** Runs of frames of all living processes, numbered by their first appearance. */
  ObjectNode frames() {
    ObjectNode answer = Answer.empty();
    ObjectNode procs = answer.putObject("procs");
    Long2IntMap numbers = new Long2IntOpenHashMap();
    numbers.defaultReturnValue(ABSENT);
    session
        .living()
        .forEach((name, process) -> addFrames(procs.putArray(name), process.mm, numbers));
    return answer;
  }

  private void addFrames(ArrayNode runs, Mm mm, Long2IntMap numbers) {
    PageScan scan = new PageScan(mm);
    long first = 0;
    int id = ABSENT;
    for (long page = 0; page <= Window.PAGES; page++) {
      if (id == ABSENT) {
        page = scan.entryFrom(page);
      }
      int now = page == Window.PAGES ? ABSENT : number(scan.at(page), numbers);
      boolean goesOn =
          id != ABSENT && now == (id == ZERO_PAGE ? ZERO_PAGE : id + (int) (page - first));
      if (goesOn) {
        continue;
      }
      if (id != ABSENT) {
        ArrayNode run = runs.addArray().add(first).add(page - first);
        if (id == ZERO_PAGE) {
          run.add("Z");
        } else {
          run.add(id);
        }
      }
      first = page;
      id = now;
    }
  }

  private static int number(PageState state, Long2IntMap numbers) {
    if (!state.isPresent()) {
      return ABSENT;
    }
    if (state.isZeroPage()) {
      return ZERO_PAGE;
    }
    int known = numbers.get(state.pfn());
    if (known == ABSENT) {
      known = numbers.size();
      numbers.put(state.pfn(), known);
    }
    return known;
  }

  /** The surroundings of pages [from, to] of a process. */
  ImmutableList<String> picture(Process process, long from, long to) {
    Picture picture = new Picture(from, to);
    Mm mm = process.mm;
    for (int i = 0; i < mm.vmas.size(); i++) {
      Vma vma = mm.vmas.get(i);
      OpenFile file = vma.file;
      picture.add(
          session.window.page(vma.start),
          vma.pages(),
          VmFlags.permissions(vma.flags)
              + (file == null ? " anonymous " : " " + objectName(file) + "@" + vma.pgoff + " ")
              + VmFlags.letters(vma.flags, session.machine.kernel()));
    }
    PageScan scan = new PageScan(mm);
    return picture.draw(page -> page < Window.PAGES ? scan.at(page).glyph() : '.');
  }

  /** Reads page states, mostly in ascending order, without looking into holes. */
  private final class PageScan {
    private final Mm mm;
    private final PteCursor entries = new PteCursor();
    private @Nullable Vma vma;
    private long last;

    PageScan(Mm mm) {
      this.mm = mm;
    }

    /**
     * The first page from here on whose entry is not empty or that lies in an alias, or the end of
     * the window.
     */
    long entryFrom(long page) {
      long address = session.window.addressInside(page);
      if (page >= Window.PAGES || session.window.address(page) != address) {
        return page;
      }
      long limit = page < Window.ALIAS ? Window.ALIAS : Window.PAGES;
      entries.reset(mm.pageTable, address, session.window.addressInside(limit));
      return entries.next() ? Math.max(page, session.window.pageInside(entries.addr())) : limit;
    }

    PageState at(long page) {
      long address = session.window.address(page);
      Vma here = vma;
      if (here == null || here.end <= address || address < last) {
        here = mm.vmas.find(address);
        vma = here;
      }
      last = address;
      return here == null || here.start > address
          ? PageState.ABSENT
          : PageState.of(session.machine.pagemap(), mm, here, address);
    }
  }
}
