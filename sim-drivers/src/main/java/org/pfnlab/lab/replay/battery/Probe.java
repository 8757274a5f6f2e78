package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Pagemap;
import org.pfnlab.core.task.Smaps;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.kind.PteTarget;

/** What the recording program looks at without changing it: smaps, pagemap, page-table entries. */
public final class Probe {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** What the PAT bits of an entry select, with the table that Linux programs. */
  private static final String[] CACHE = {"WB", "WC", "UC-", "UC", "WB", "WP", "UC-", "WT"};

  /** Longer mappings print their pagemap as runs. */
  private static final int LONGEST_PLAIN = 16;

  private final Machine machine;
  private final @Nullable ObjectUnderTest object;
  private final boolean savedDirty;

  /** Looks at a machine; entries that lead to the object's memory are called by its names. */
  public Probe(Machine machine, @Nullable ObjectUnderTest object) {
    this.machine = machine;
    this.object = object;
    this.savedDirty = machine.kernel().has(Arch.X86_SAVED_DIRTY);
  }

  /** The VMAs that overlap a range, with page numbers relative to its start. */
  ArrayNode vmas(Mm mm, long at, long pages) {
    ArrayNode found = JSON.arrayNode();
    for (int i = mm.vmas.indexFrom(at); i < mm.vmas.size(); i++) {
      Vma vma = mm.vmas.get(i);
      if (vma.start >= at + (pages << 12)) {
        break;
      }
      Smaps.Counts counts = machine.smaps().of(vma);
      found
          .addObject()
          .put("page", (vma.start - at) / PageTable.PAGE_SIZE)
          .put("pages", vma.pages())
          .put("perms", VmFlags.permissions(vma.flags))
          .put("rss_kb", counts.rss() * 4)
          .put("pss_kb", counts.pssKb())
          .put("anon_kb", counts.anonymous() * 4)
          .put("locked_kb", counts.lockedKb())
          .put("vmflags", VmFlags.letters(vma.flags, machine.kernel()));
    }
    return found;
  }

  /** The pagemap of a range, page by page, or in runs where it is long. */
  ArrayNode pagemap(Mm mm, long at, long pages) {
    ArrayNode states = JSON.arrayNode();
    for (long page = 0; page < pages; ) {
      String state = pageState(mm, at + (page << 12));
      long behind = page + 1;
      while (pages > LONGEST_PLAIN
          && behind < pages
          && pageState(mm, at + (behind << 12)).equals(state)) {
        behind++;
      }
      states.add(pages > LONGEST_PLAIN ? state + "*" + (behind - page) : state);
      page = behind;
    }
    return states;
  }

  private String pageState(Mm mm, long address) {
    int bits = machine.pagemap().bits(mm, address);
    String state =
        (bits & Pagemap.PRESENT) != 0 ? "present" : (bits & Pagemap.GUARD) != 0 ? "swapped" : "-";
    return state
        + ((bits & Pagemap.FILE) != 0 ? "+file" : "")
        + ((bits & Pagemap.EXCLUSIVE) != 0 ? "+exclusive" : "");
  }

  /** The entry of a page, or {@code "none"}. */
  public JsonNode pte(Mm mm, long address) {
    long entry = mm.pageTable.get(address);
    if (!Pte.present(entry)) {
      return JSON.textNode("none");
    }
    int level = mm.pageTable.levelAt(address);
    long small = level > 1 ? Pte.toSmall(entry, level) : entry;
    long page = (address & (PageTable.span(level) - 1)) & -PageTable.PAGE_SIZE;
    ObjectNode pte = JSON.objectNode();
    pte.put("present", bit(small, Pte.PRESENT));
    pte.put("write", bit(small, Pte.RW));
    pte.put("accessed", bit(small, Pte.ACCESSED));
    pte.put("dirty", savedDirty ? bit(small, Pte.DIRTY_BITS) : bit(small, Pte.DIRTY));
    pte.put("special", bit(small, Pte.SPECIAL));
    pte.put(
        "cache", CACHE[bit(small, Pte.PWT) | bit(small, Pte.PCD) << 1 | bit(small, Pte.PAT) << 2]);
    putTarget(pte, (small & Pte.PFN_MASK) + page);
    if (level > 1) {
      pte.put("level", level == 2 ? "pmd" : "pud");
    }
    if (savedDirty && bit(small, Pte.SAVED_DIRTY) != 0) {
      pte.put("saved_dirty", 1);
    }
    return pte;
  }

  private static int bit(long entry, long bits) {
    return (entry & bits) != 0 ? 1 : 0;
  }

  /** The bits' frame as they are: those of a PROT_NONE entry are inverted, and mean nothing. */
  private void putTarget(ObjectNode pte, long physical) {
    PteTarget target = object == null ? PteTarget.OTHER : object.target(physical >>> 12);
    if (target.what().toldOfEntries()) {
      pte.put("target", target.what().label());
      pte.put("target_page", target.page());
    } else {
      pte.put("target", PteTarget.What.OTHER.label());
    }
  }
}
