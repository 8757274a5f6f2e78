package org.pfnlab.lab.memtype;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Memtypes;
import org.pfnlab.core.pat.MtrrType;
import org.pfnlab.lab.print.Figures;

/**
 * What a wish for a reservation goes through, rule by rule, and what becomes of it for those who
 * take another type and those who insist. The model decides; the story names its rules.
 *
 * @param wish what is asked for
 * @param kernel the kernel that decides
 * @param steps the rules in the order in which they are applied
 * @param answers what each kind of caller gets
 * @param fulfilled whether a caller that takes another type gets the one that was asked for
 */
public record ReserveStory(
    Wish wish,
    String kernel,
    ImmutableList<Step> steps,
    ImmutableList<Answer> answers,
    boolean fulfilled) {
  private static final long ISA_START = 0xa_0000;
  private static final long ISA_END = 0x10_0000;
  private static final int SHOWN = 8;

  /**
   * One rule.
   *
   * @param symbol the kernel function that has it
   * @param text what it says here
   */
  public record Step(String symbol, String text) {}

  /**
   * What one kind of caller gets.
   *
   * @param caller who asks, and how
   * @param result a cache mode, or an errno
   */
  public record Answer(String caller, String result) {}

  /** Asks the model. */
  public static ReserveStory of(KnownMachine machine, MemtypeList list, Wish wish) {
    return new Telling(machine, list, wish).tell();
  }

  private static final class Telling {
    private final KnownMachine machine;
    private final Kernel kernel;
    private final MemtypeList list;
    private final Wish wish;
    private final ImmutableList.Builder<Step> steps = ImmutableList.builder();
    private final ImmutableList.Builder<Answer> answers = ImmutableList.builder();

    Telling(KnownMachine machine, MemtypeList list, Wish wish) {
      this.machine = machine;
      this.kernel = machine.kernel();
      this.list = list;
      this.wish = wish;
    }

    ReserveStory tell() {
      Memtypes memtypes = restored();
      long visited = kernel.meter.get(ResourceTree.NODE_VISITED);
      int ram = memtypes.rangeIsRam(wish.start(), wish.end());
      visited = kernel.meter.get(ResourceTree.NODE_VISITED) - visited;
      rules(ram, visited);
      String found = raw(memtypes);
      boolean fulfilled = ram > 0 ? ram(memtypes, found) : device(memtypes);
      answer("vmf_insert_pfn without this reservation", found);
      return new ReserveStory(
          wish, kernel.profile().toString(), steps.build(), answers.build(), fulfilled);
    }

    /** What a raw entry for the first page gets. */
    private String raw(Memtypes memtypes) {
      return memtypes.enabled()
          ? memtypes.lookup(wish.start()).kernelName()
          : "what its vm_page_prot says";
    }

    private boolean ram(Memtypes memtypes, String found) {
      long granted = memtypes.reserve(wish.start(), wish.end(), wish.type(), false);
      answer("ioremap", "NULL, it maps no RAM");
      answer("remap_pfn_range", found);
      answer("set_memory_*", name(granted));
      if (granted >= 0) {
        answer("vmf_insert_pfn once it is there", raw(memtypes));
      }
      return granted == wish.type().value();
    }

    private boolean device(Memtypes memtypes) {
      long granted = memtypes.reserve(wish.start(), wish.end(), wish.type(), true);
      boolean goesOn = caller(memtypes, granted);
      long insisting = restored().reserve(wish.start(), wish.end(), wish.type(), false);
      answer("set_memory_*, which insists (no new_type)", name(insisting));
      if (goesOn) {
        answer("vmf_insert_pfn once it is there", raw(memtypes));
      }
      return goesOn && granted == wish.type().value();
    }

    private void answer(String caller, String result) {
      answers.add(new Answer(caller, result));
    }

    private Memtypes restored() {
      Memtypes memtypes = machine.memtypes(wish.start());
      list.restore(memtypes);
      return memtypes;
    }

    private void rules(int ram, long visited) {
      if (!kernel.has(Arch.X86_PAT)) {
        step("pat_enabled", "no PAT: nothing is recorded, every wish is granted as it is");
        return;
      }
      if (wish.start() >= ISA_START && wish.end() <= ISA_END) {
        step("is_untracked_pat_range", "wholly in the ISA hole: write-back, nothing is recorded");
        return;
      }
      CacheMode actual = wish.type();
      if (actual == CacheMode.WB) {
        actual = underMtrrs();
      }
      String found = machine.tree() == null ? "; no tree given" : visits(visited);
      if (ram < 0) {
        step("pat_pagerange_is_ram", "partly System RAM, a hole first: EINVAL" + found);
      } else if (ram > 0) {
        step("pat_pagerange_is_ram", "System RAM: the pages' flags have the type" + found);
        ramPages();
      } else {
        step("pat_pagerange_is_ram", "no System RAM: the tree of reservations decides" + found);
        if (conflicts(actual)) {
          step(
              "memtype_free",
              kernel.has(Memtypes.MEMTYPE_ERASE_EXACT)
                  ? "will take it back as a whole only"
                  : "will take it back as a whole, or shrink it from its end");
        }
      }
    }

    private static String visits(long visited) {
      return "; " + Figures.plural(visited, "resource", "resources") + " visited";
    }

    private CacheMode underMtrrs() {
      MtrrType says = machine.mtrrType(wish.start(), wish.end());
      String source = machine.mtrr() == null ? "MTRRs, which are assumed, say " : "MTRRs say ";
      if (says == MtrrType.WB) {
        step("pat_x_mtrr_type", source + "write-back: so it stays");
        return CacheMode.WB;
      }
      step("pat_x_mtrr_type", source + "otherwise: write-back becomes uncached-minus");
      return CacheMode.UC_MINUS;
    }

    private void ramPages() {
      String text =
          switch (wish.type()) {
            case WP -> "write-protected is not for RAM: EINVAL";
            case UC -> "no strong UC for RAM, a warning, and uncached-minus for every page";
            case WB, WC, UC_MINUS, WT -> "every page must be write-back, and gets the type";
          };
      step("reserve_ram_pages_type", text);
      step("reserve_pfn_range", "remap_pfn_range reserves no RAM, it takes the first page's type");
    }

    /** Whether it is recorded. */
    private boolean conflicts(CacheMode actual) {
      CacheMode adopted = null;
      int overlaps = 0;
      for (Reservation each : list.reservations()) {
        if (!each.overlaps(wish.start(), wish.end())) {
          continue;
        }
        overlaps++;
        String where = "line " + each.line() + ", " + Wish.range(each.start(), each.end()) + ", ";
        if (adopted == null) {
          adopted = each.type();
          conflict(where + "overlaps first: " + adopting(actual, adopted));
        } else if (each.type() != adopted) {
          conflict(where + "is " + each.type().kernelName() + ", not the first one's type: EBUSY");
          return false;
        } else if (overlaps <= SHOWN) {
          conflict(where + "overlaps and agrees");
        }
      }
      if (overlaps > SHOWN) {
        conflict(Figures.count(overlaps - SHOWN) + " more overlap and agree");
      } else if (overlaps == 0) {
        conflict("nothing overlaps: " + actual.kernelName() + " is recorded");
      }
      return true;
    }

    private static String adopting(CacheMode actual, CacheMode first) {
      return first == actual
          ? "it is " + first.kernelName() + " too"
          : "its " + first.kernelName() + " is adopted, EBUSY for who insists";
    }

    private boolean caller(Memtypes memtypes, long granted) {
      String who = "ioremap, remap_pfn_range, which take another type";
      if (granted < 0) {
        answer(who, name(granted) + " (ioremap: NULL, remap_pfn_range: EINVAL)");
        return false;
      }
      CacheMode got = CacheMode.of((int) granted);
      boolean allowed =
          got == wish.type()
              || memtypes.isNewMemtypeAllowed(wish.start(), wish.end(), wish.type(), got);
      if (got != wish.type()) {
        step(
            "is_new_memtype_allowed",
            got.kernelName()
                + " instead of "
                + wish.type().kernelName()
                + (allowed ? " will do" : " caches more than was asked for: given back"));
      }
      answer(who, allowed ? got.kernelName() : "NULL from ioremap, EINVAL from the other");
      return allowed;
    }

    private static String name(long granted) {
      return granted < 0 ? Errno.name(granted) : CacheMode.of((int) granted).kernelName();
    }

    private void conflict(String text) {
      step("memtype_check_conflict", text);
    }

    private void step(String symbol, String text) {
      steps.add(new Step(symbol, text));
    }
  }
}
