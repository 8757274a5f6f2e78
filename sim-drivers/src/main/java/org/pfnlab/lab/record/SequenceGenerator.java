package org.pfnlab.lab.record;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.pfnlab.lab.record.LivePages.Range;

/**
 * Random scripts: the same seed, profile and length give the same script. What an operation does to
 * the mappings is followed roughly, so that most operations find something to work on; ends of
 * ranges, holes and malformed arguments come often enough.
 */
public final class SequenceGenerator {
  private static final int MOST_ALIVE = 4;

  /** The recorder has names for 48 processes. */
  private static final int MOST_PROCESSES = 40;

  /** Sequences longer than this must not run out of names, nor seal everything. */
  private static final int LONG = 500;

  /** How often each operation comes: in basic, mid and full sequences. */
  private static final String WEIGHTS =
      """
      mmap 18 14 12
      munmap 8 6 5
      mprotect 14 8 7
      store 20 16 14
      load 16 12 10
      mremap 0 12 9
      madvise 0 10 9
      mlock 0 3 2
      munlock 0 2 2
      msync 0 1 1
      mincore 0 2 2
      fork 3.5 3 3
      exit 1.5 1.5 1.5
      truncate 0 0.7 1.5
      punch 0 0 1.5
      file_write 0 1 2
      file_read 0 0.7 1.5
      mem_read 0 0 2
      mem_write 0 0 4
      pvm_read 0 0 2
      pvm_write 0 0 3
      vmsplice 0 0 2
      pipe_read 0 0 1.2
      dio_write 0 0 1
      dio_read 0 0 1.5
      sys_write 0 0 0.7
      sys_read 0 0 1
      ur_reg 0 0 1.2
      ur_unreg 0 0 0.6
      ur_write 0 0 0.6
      ur_read 0 0 0.6
      futex_wake 0 0 1
      mseal 0 0 0.12
      """;

  private final Chance chance;
  private final Profile profile;
  private final int length;
  private final List<String> operations = new ArrayList<>();
  private final double[] weights;
  private final TreeMap<Integer, LivePages> living = new TreeMap<>();
  private final Transfers transfers;
  private final Ranges ranges;
  private final StringBuilder script = new StringBuilder();
  private int processes = 1;
  private int value;
  private int last;

  private SequenceGenerator(long seed, Profile profile, int length) {
    this.chance = new Chance(seed);
    this.profile = profile;
    this.length = length;
    this.weights = weights();
    this.ranges = new Ranges(chance);
    this.transfers = new Transfers(chance);
    living.put(0, new LivePages());
  }

  /**
   * A script.
   *
   * @param length operations, without the snapshots between them
   */
  public static String script(long seed, Profile profile, int length) {
    return new SequenceGenerator(seed, profile, length).generate();
  }

  private double[] weights() {
    List<Double> chosen = new ArrayList<>();
    for (String line : WEIGHTS.lines().toList()) {
      String[] words = line.split(" ", -1);
      double weight = Double.parseDouble(words[profile.column]);
      boolean seal = words[0].equals("mseal");
      if (length > LONG && (words[0].equals("fork") || words[0].equals("exit"))) {
        weight *= 0.55;
      }
      if (weight > 0 && !(seal && length > LONG)) {
        operations.add(words[0]);
        chosen.add(weight);
      }
    }
    return chosen.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private String generate() {
    open();
    LivePages first = live(0);
    for (int i = 0; i < 5; i++) {
      int pages = chance.between(6, 17);
      int start = chance.between(0, LivePages.WINDOW - pages + 1);
      emit("mmap page=" + start + " n=" + pages + " prot=rw flags=private+anon+fixed", 0);
      first.map(start, pages, "rw");
    }
    for (int i = 0; i < 8; i++) {
      emit("store page=" + ranges.page(first, "w") + " val=" + nextValue(), 0);
    }
    int every = length < LONG ? 5 : 8;
    for (int done = 0; done < length; ) {
      if (step()) {
        done++;
        look(done, every);
      }
    }
    emit("snap", 0);
    for (int process : living.keySet()) {
      emit("dump p=p" + process + " page=0 n=" + LivePages.WINDOW, 0);
    }
    return script.toString();
  }

  private void open() {
    if (profile == Profile.BASIC) {
      return;
    }
    emit("open h=h0 obj=o0 kind=memfd pages=16" + (chance.is(0.5) ? " fill=1" : ""), 0);
    emit("open h=h1 obj=o1 kind=file pages=16", 0);
    emit("open h=h2 obj=o1 kind=reopen mode=" + chance.oneOf("ro", "rw"), 0);
    if (profile == Profile.FULL) {
      emit("open h=h3 obj=o0 kind=reopen mode=ro", 0);
    }
  }

  private void look(int done, int every) {
    if (done % every == 0) {
      emit("maps p=p" + last, 0);
      emit("pagemap p=p" + last, 0);
    }
    if (done % (3 * every) == 0) {
      emit("frames", 0);
    }
  }

  private void emit(String operation, int process) {
    script.append(operation);
    if (process != 0) {
      script.append(" p=p").append(process);
    }
    script.append('\n');
  }

  private int nextValue() {
    value = value % 250 + 1;
    return value;
  }

  private LivePages live(int process) {
    LivePages pages = living.get(process);
    if (pages == null) {
      throw new IllegalStateException("process " + process + " is not alive");
    }
    return pages;
  }

  /** One operation, or false if the one that was drawn makes no sense now. */
  private boolean step() {
    int process = chance.oneOf(List.copyOf(living.keySet()));
    String operation = operations.get(chance.weighted(weights));
    if (!perform(operation, process, live(process))) {
      return false;
    }
    last = living.containsKey(process) ? process : living.firstKey();
    return true;
  }

  private boolean perform(String operation, int process, LivePages pages) {
    switch (operation) {
      case "fork" -> {
        return fork(process, pages);
      }
      case "exit" -> {
        return exit(process);
      }
      case "mmap" -> mmap(process, pages);
      case "munmap" -> munmap(process, pages);
      case "mprotect" -> mprotect(process, pages);
      case "mremap" -> emit(new Remaps(chance, ranges).next(pages), process);
      case "madvise" -> emit("madvise " + ranges.mostlyMapped(pages) + " adv=" + advice(), process);
      case "store" ->
          emit("store page=" + ranges.page(pages, "w") + " val=" + nextValue() + offset(), process);
      case "load" -> emit("load page=" + ranges.page(pages, "r") + offset(), process);
      case "mlock" -> {
        String range = ranges.mostlyMapped(pages);
        emit(chance.is(0.35) ? "mlock2 " + range + " flags=onfault" : "mlock " + range, process);
      }
      case "munlock" -> emit("munlock " + ranges.written(ranges.any()), process);
      case "msync" ->
          emit(
              "msync "
                  + ranges.mostlyMapped(pages)
                  + " flags="
                  + chance.oneOf("async", "sync", "invalidate", "sync+invalidate"),
              process);
      case "mincore" -> emit("mincore " + ranges.mostlyMapped(pages), process);
      case "mseal" -> {
        Range range = ranges.near(pages);
        emit("mseal page=" + range.start() + " n=" + Math.min(range.pages(), 2), process);
      }
      case "truncate", "punch", "file_write", "file_read" -> emit(file(operation), 0);
      default -> {
        List<Integer> all = List.copyOf(living.keySet());
        String transfer = transfers.next(operation, process, ranges, pages, all, this::nextValue);
        if (transfer.isEmpty()) {
          return false;
        }
        emit(transfer, transfers.isOfNobody(operation) ? 0 : process);
      }
    }
    return true;
  }

  private String offset() {
    return chance.is(0.1) ? " off=" + chance.between(1, 4096) : "";
  }

  private String file(String operation) {
    String handle = " h=" + chance.oneOf("h0", "h1");
    return switch (operation) {
      case "truncate" ->
          "truncate"
              + handle
              + " pages="
              + chance.oneOf(0, 2, 5, 8, 12, 16, 16, 16)
              + (chance.is(0.2) ? " nb=100" : "");
      case "punch" ->
          "punch" + handle + " fo=" + chance.between(0, 15) + " n=" + chance.between(1, 5);
      case "file_write" ->
          "file_write" + handle + " fo=" + chance.between(0, 16) + " val=" + nextValue() + " len=1";
      default -> "file_read" + handle + " fo=" + chance.between(0, 16);
    };
  }

  private String advice() {
    String words =
        "dontneed 24, free 8, willneed 3, dontfork 5, dofork 5, wipeonfork 5, keeponfork 4,"
            + " populate_read 6, populate_write 6, cold 2, random 3, sequential 3, normal 4,"
            + " dontdump 3, dodump 3, hugepage 2, nohugepage 2, mergeable 2, unmergeable 2";
    String more = ", remove 3, guard_install 5, guard_remove 4, dontneed_locked 2, bogus 1";
    return chance.weighted(profile == Profile.FULL ? words + more : words);
  }

  private boolean fork(int process, LivePages pages) {
    if (living.size() >= MOST_ALIVE || processes >= MOST_PROCESSES) {
      return false;
    }
    int child = processes++;
    emit("fork new=p" + child, process);
    living.put(child, new LivePages(pages));
    // Both sides go on touching what they share.
    for (int i = chance.between(0, 6); i > 0; i--) {
      int who = chance.is(0.5) ? process : child;
      if (chance.is(0.75)) {
        emit("store page=" + ranges.page(live(who), "w") + " val=" + nextValue(), who);
      } else {
        emit("load page=" + ranges.page(live(who), "r"), who);
      }
    }
    return true;
  }

  private boolean exit(int process) {
    if (living.size() < 2) {
      return false;
    }
    emit(process == 0 ? "exit p=p0" : "exit", process);
    living.remove(process);
    return true;
  }

  private void mmap(int process, LivePages pages) {
    Range range = ranges.any();
    String where = chance.weighted("fixed 70, fixed_noreplace 15, - 15");
    String kind =
        chance.weighted(
            profile == Profile.BASIC
                ? "private+anon 60, shared+anon 14"
                : "private+anon 60, shared+anon 14, private 30, shared 24");
    String protection = chance.weighted("rw 70, r 16, none 5, rwx 3, rx 3, w 2");
    StringBuilder flags = new StringBuilder(kind);
    flags.append(where.isEmpty() ? "" : "+" + where);
    flags.append(chance.is(0.05) ? "+noreserve" : "");
    if (profile != Profile.BASIC) {
      flags.append(chance.is(0.07) ? "+populate" : "").append(chance.is(0.05) ? "+locked" : "");
    }
    boolean stack = profile == Profile.FULL && kind.equals("private+anon") && chance.is(0.02);
    flags.append(stack ? "+growsdown" : "");
    String file = kind.endsWith("anon") ? "" : mappedFile(range.start());
    String what = " prot=" + protection + " flags=" + flags + file;
    emit("mmap " + ranges.written(range) + what, process);
    if (where.equals("fixed") || !pages.anyIn(range.start(), range.pages())) {
      pages.map(range.start(), range.pages(), protection);
    }
  }

  /** Offsets often fit the address, so that neighbours merge. */
  private String mappedFile(int start) {
    String handle =
        profile == Profile.FULL
            ? chance.oneOf("h0", "h1", "h0", "h1", "h2", "h3")
            : chance.oneOf("h0", "h1", "h0", "h1", "h2");
    return " h=" + handle + " fo=" + (chance.is(0.6) ? start % 16 : chance.between(0, 16));
  }

  private void munmap(int process, LivePages pages) {
    Range near = ranges.near(pages);
    Range range = new Range(near.start(), Math.min(near.pages(), 8));
    emit("munmap " + ranges.written(range), process);
    pages.unmap(range.start(), range.pages());
  }

  private void mprotect(int process, LivePages pages) {
    Range range = ranges.near(pages);
    String protection = chance.weighted("rw 62, r 24, none 7, rwx 3, rx 4");
    emit("mprotect " + ranges.written(range) + " prot=" + protection, process);
    pages.protect(range.start(), range.pages(), protection);
  }
}
