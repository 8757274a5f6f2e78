package org.pfnlab.lab.matrix;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.recording.Surroundings;
import org.pfnlab.lab.verdict.Unjudged;

/**
 * The cells that recordings cover, and what they say about them. A line covers a cell if it maps
 * four pages of that kind for reading and writing, lets them go through the same history, and does
 * the same operation.
 */
final class RecordedCells {
  private static final long INITIAL = 0x1111_2222_3333_0000L;
  private static final long STORED = 0x77_0000_0000L;
  private static final Pattern WARNING =
      Pattern.compile("WARNING: (?:at \\S+|in) ([A-Za-z_][A-Za-z0-9_]*)");

  /**
   * A recorded cell.
   *
   * @param where the file and line
   * @param outcome what user space saw, {@code fails} where it was not told how
   * @param warnedBefore functions that had warned in earlier lines, and may not do so again
   */
  record Seen(
      Version version,
      String kind,
      boolean shared,
      Operation operation,
      String outcome,
      boolean warned,
      ImmutableSet<String> warnedBefore,
      String where) {
    /** Whether these messages hold no warning that was not given before. */
    boolean wereGivenBefore(Iterable<String> messages) {
      for (String message : messages) {
        Matcher warning = WARNING.matcher(message);
        if (warning.find() && !warnedBefore.contains(warning.group(1))) {
          return false;
        }
      }
      return true;
    }

    String cell() {
      return Recorded.cell(version, kind, shared, operation.name());
    }
  }

  private RecordedCells() {}

  /** Everything in the bundled recordings. */
  static List<Seen> all() throws IOException {
    List<Seen> all = new ArrayList<>();
    for (String set : List.of("linux-5.11", "linux-6.1", "linux-6.18.2")) {
      for (String folder : List.of("battery", "kinds")) {
        try (Stream<Path> files = Files.list(path(set + "/" + folder))) {
          for (Path file : files.sorted().toList()) {
            read(file, all);
          }
        }
      }
    }
    return all;
  }

  private static Path path(String name) {
    URL url = RecordedCells.class.getResource("/recordings/" + name);
    if (url == null) {
      throw new IllegalStateException("no recordings are called " + name);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void read(Path file, List<Seen> to) throws IOException {
    String name = file.getFileName().toString();
    Version version = Surroundings.of(file, name).release();
    Set<String> warnedBefore = new HashSet<>();
    try (JsonLines lines = JsonLines.open(file, name)) {
      for (Line line = lines.next(); line != null; line = lines.next()) {
        if (isAsked(line) && !isUnjudged(version, line)) {
          for (Operation operation : Operations.all()) {
            Seen seen = seen(version, line, operation, ImmutableSet.copyOf(warnedBefore));
            if (seen != null) {
              to.add(seen);
            }
          }
        }
        if (line.has("klog")) {
          Matcher warning = WARNING.matcher(line.required("klog").toString());
          while (warning.find()) {
            warnedBefore.add(warning.group(1));
          }
        }
      }
    }
  }

  private static boolean isUnjudged(Version version, Line line) {
    return Unjudged.isWholeCase(version, line.text("kind"), line.text("op"));
  }

  private static boolean isAsked(Line line) {
    String kind = line.text("kind");
    return line.text("prot").equals("rw")
        && line.integer("pages") == Scene.PAGES
        && (kind.equals("anon") || KindCatalog.standard().find(kind) != null);
  }

  private static @Nullable Seen seen(
      Version version, Line line, Operation operation, ImmutableSet<String> warnedBefore) {
    if (!line.text("op").equals(operation.recordedAs())
        || !line.text("pre").equals(operation.before().label())) {
      return null;
    }
    boolean shared = line.text("map").equals("shared");
    boolean warned = line.has("klog") && line.required("klog").toString().contains("WARNING: ");
    return new Seen(
        version,
        line.text("kind"),
        shared,
        operation,
        outcome(new Answer(line, operation, shared)),
        warned,
        warnedBefore,
        line.file() + ":" + line.number());
  }

  /** Fields that say that a case did not end by itself. */
  private static final List<String> FATES =
      List.of(
          "case_killed_by",
          "case_hung",
          "case_hung_unkillable",
          "case_hung_killed_after_4s",
          "machine_stopped");

  private static String outcome(Answer answer) {
    // What a grown mapping did to a task when it was touched behind its object is not asked here.
    if (FATES.stream().anyMatch(answer::has) && !answer.has("new_last")) {
      boolean spins = answer.has("hung_task_state") && answer.text("hung_task_state").equals("R");
      return spins && answer.has("case_hung_killed_after_4s") ? Verdict.HANG : Verdict.BUG;
    }
    if (answer.operation.equals(Operations.MMAP)) {
      return answer.has("open") ? "open:" + answer.text("open") : answer.text("mmap");
    }
    Function<Answer, String> rule = RULES.get(answer.operation.name());
    if (rule == null) {
      throw new IllegalStateException(
          "no rule says what " + answer.operation + " looks like in a recording");
    }
    return rule.apply(answer);
  }

  private static final Map<String, Function<Answer, String>> RULES = new TreeMap<>();

  static {
    RULES.put("load", a -> a.loads("load_first", 0, "load_last", 3));
    RULES.put("store", RecordedCells::store);
    for (String gup :
        List.of(
            "gup",
            "gup-write",
            "gup-fast",
            "longterm",
            "gup-after-store",
            "gup-fast-after-store")) {
      RULES.put(gup, a -> a.integer("gup_pages") == 4 ? "ok" : "fails");
    }
    RULES.put("process-vm-read", Answer::copied);
    RULES.put("process-vm-write", a -> a.written(0x3333_3333_3333_3333L));
    RULES.put("proc-mem-read", Answer::copied);
    RULES.put("proc-mem-write", a -> a.written(0x5555_5555_5555_5555L));
    RULES.put(
        "ptrace-peek", a -> a.text("ret").equals("8") ? a.load("first_word", 0) : a.text("ret"));
    RULES.put("vmsplice", Answer::copied);
    RULES.put("odirect-write", Answer::copied);
    RULES.put("odirect-read", a -> a.written(0x66_0000_0000L));
    RULES.put("write", Answer::copied);
    RULES.put(
        "futex",
        a -> a.text("wait_wrong_value").equals("EAGAIN") ? "ok" : a.text("wait_wrong_value"));
    RULES.put("uring-register", Answer::called);
    RULES.put("fork", a -> a.text("fork"));
    RULES.put("fork-after-store", a -> a.text("fork"));
    RULES.put("child-load", a -> a.forked() ? a.load("child_load_first", 0) : a.text("fork"));
    RULES.put("child-store", RecordedCells::childStore);
    RULES.put(
        "mprotect",
        a -> {
          if (!a.called().equals("ok")) {
            return a.called();
          }
          String load = a.load("load", 0);
          return !load.equals("ok")
              ? load
              : a.text("store").startsWith("SIGSEGV") ? "ok" : "no effect";
        });
    RULES.put("mremap-grow", Answer::moved);
    RULES.put("mremap-move", Answer::moved);
    RULES.put("dontneed", Answer::advised);
    RULES.put("populate", Answer::advised);
    RULES.put("mlock", Answer::called);
    RULES.put("msync", Answer::called);
    RULES.put(
        "revoke",
        a -> a.called().equals("ok") ? a.loads("reload_first", 0, "reload_last", 3) : a.called());
  }

  private static String store(Answer a) {
    String loaded = a.loads("load_first", 0, "load_last", 3);
    if (!loaded.equals("ok")) {
      return loaded;
    }
    if (!a.text("store_first").equals("ok")) {
      return a.signal("store_first");
    }
    if (a.word("reload_first") != 0xabc1) {
      return "wrong data";
    }
    if (!a.text("store_last").equals("ok")) {
      return a.signal("store_last");
    }
    if (!a.has("object_first")) {
      return "ok";
    }
    return a.word("object_first") == 0xabc1 == a.shared ? "ok" : "wrong data";
  }

  private static String childStore(Answer a) {
    if (!a.forked()) {
      return a.text("fork");
    }
    if (!a.text("child_store_first").equals("ok")) {
      return a.signal("child_store_first");
    }
    boolean follows = a.word("parent_load_first_after_child_store") == 0xc41d;
    return follows == a.shared ? "ok" : "wrong data";
  }

  /** One line's answer. */
  private record Answer(Line line, Operation operation, boolean shared) {
    boolean has(String field) {
      return line.has(field);
    }

    String text(String field) {
      JsonNode node = line.required(field);
      return node.asText();
    }

    String signal(String field) {
      String text = text(field);
      return text.substring(0, text.indexOf('/'));
    }

    long integer(String field) {
      return line.integer(field);
    }

    long word(String field) {
      return line.word(field);
    }

    boolean forked() {
      return text("fork").equals("ok");
    }

    String load(String field, int page) {
      if (text(field).startsWith("SIG")) {
        return signal(field);
      }
      long own = line.text("kind").equals("anon") ? 0 : INITIAL + page;
      long expected = operation.before() == Operation.History.STORE ? STORED + page : own;
      return word(field) == expected ? "ok" : "wrong data";
    }

    String loads(String first, int firstPage, String last, int lastPage) {
      String outcome = load(first, firstPage);
      return outcome.equals("ok") ? load(last, lastPage) : outcome;
    }

    String called() {
      return text("ret").equals("0") ? "ok" : text("ret");
    }

    private boolean isError() {
      return Character.isLetter(text("ret").charAt(0));
    }

    String copied() {
      if (isError()) {
        return text("ret");
      }
      long pages = integer("ret") >> 12;
      String data = pages == 0 ? "0/0" : text("data");
      return !data.equals(pages + "/" + pages) ? "wrong data" : Scene.share((int) pages);
    }

    String written(long word) {
      if (isError()) {
        return text("ret");
      }
      long pages = integer("ret") >> 12;
      if (pages > 0 && text("reload_first").startsWith("SIG")) {
        return signal("reload_first");
      }
      if (pages > 0 && word("reload_first") != word) {
        return "wrong data";
      }
      return pages > 0 && isTheObjects() ? "through" : Scene.share((int) pages);
    }

    /** A private copy is never special; what a private mapping loads from there is the object. */
    private boolean isTheObjects() {
      JsonNode pte = line.required("pte_after");
      return !shared && pte.path("special").asInt() == 1;
    }

    String moved() {
      String result = text("ret");
      boolean worked = result.equals("moved") || result.equals("same");
      return worked ? loads("new_first", 0, "new_last", 3) : result;
    }

    String advised() {
      return called().equals("ok") ? loads("reload_first", 0, "reload_last", 3) : called();
    }
  }
}
