package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.spec.Nearest;

/**
 * What each operation's line may and must hold: the inputs by name, and the fields that answers are
 * made of. Anything else in a line is damage, because an input that is ignored would change what
 * the operation means.
 *
 * @param inputs every input that the operation knows
 * @param required inputs without which it means nothing
 */
record OperationShape(ImmutableSet<String> inputs, ImmutableSet<String> required) {
  private static final String ADDRESS = "page off rawaddr ";
  private static final String RANGE = ADDRESS + "n nb rawlen p ";
  private static final String TOUCH = ADDRESS + "p ";

  private static final ImmutableMap<String, OperationShape> SHAPES =
      ImmutableMap.<String, OperationShape>builder()
          .put("open", shape("h obj kind pages nb mode fill", "h kind"))
          .put("close", shape("h", "h"))
          .put("truncate", shape("h pages nb", "h pages"))
          .put("punch", shape("h fo n", "h fo"))
          .put("seal", shape("h seals", "h seals"))
          .put("file_write", shape("h fo off val len", "h"))
          .put("file_read", shape("h fo off", "h"))
          .put("pipe_read", shape("pipe len", "pipe"))
          .put("mmap", shape(RANGE + "prot flags h fo fob rawfo alias", "prot flags"))
          .put("munmap", shape(RANGE, ""))
          .put("mprotect", shape(RANGE + "prot", "prot"))
          .put("madvise", shape(RANGE + "adv", "adv"))
          .put("mlock", shape(RANGE, ""))
          .put("mlock2", shape(RANGE + "flags", ""))
          .put("munlock", shape(RANGE, ""))
          .put("mlockall", shape("flags p", "flags"))
          .put("munlockall", shape("p", ""))
          .put("mseal", shape(RANGE + "flags", ""))
          .put("msync", shape(RANGE + "flags", "flags"))
          .put("mincore", shape(RANGE, ""))
          .put("thp", shape("on p", "on"))
          .put("mremap", shape(RANGE + "newn rawnew flags to tob", "flags"))
          .put("load", shape(TOUCH, ""))
          .put("store", shape(TOUCH + "val", "val"))
          .put("exec", shape(TOUCH, ""))
          .put("fork", shape("p new", "new"))
          .put("exit", shape("p", ""))
          .put("pvm_read", shape(TOUCH + "by len", "by"))
          .put("pvm_write", shape(TOUCH + "by len val", "by"))
          .put("mem_read", shape(TOUCH + "len", ""))
          .put("mem_write", shape(TOUCH + "len val", ""))
          .put("vmsplice", shape(TOUCH + "pipe len", "pipe"))
          .put("dio_write", shape(TOUCH + "len", ""))
          .put("sys_write", shape(TOUCH + "len", ""))
          .put("ur_write", shape(TOUCH + "len", ""))
          .put("dio_read", shape(TOUCH + "len val", ""))
          .put("sys_read", shape(TOUCH + "len val", ""))
          .put("ur_read", shape(TOUCH + "len val", ""))
          .put("ur_reg", shape(RANGE, ""))
          .put("ur_unreg", shape("p", ""))
          .put("futex_wake", shape(TOUCH + "n private", ""))
          .put("futex_wait", shape(TOUCH + "val private", ""))
          .put("futex_done", shape("p", ""))
          .put("adopt", shape("what page p", "what page"))
          .put("dump", shape("p page n", ""))
          .put("maps", shape("p", ""))
          .put("pagemap", shape("p", ""))
          .put("frames", shape("", ""))
          .buildOrThrow();

  /** Inputs that hold whole numbers; a hexadecimal or huge one is a string in {@link #WORDS}. */
  private static final ImmutableSet<String> NUMBERS =
      words("page off n nb fo fob val len pages fill alias on to tob newn private");

  private static final ImmutableSet<String> WORDS = words("rawaddr rawlen rawfo rawnew");

  /** Names of flags joined by +, or a bare number. */
  private static final ImmutableSet<String> FLAGS = words("flags seals adv");

  private static final ImmutableSet<String> PROCESSES = words("p by new");

  /** The fields of answers, each with the kinds of JSON values it can have. */
  private static final ImmutableMap<String, String> ANSWER =
      ImmutableMap.<String, String>builder()
          .put("ok", "boolean")
          .put("err", "string")
          .put("sig", "string")
          .put("at", "number string")
          .put("n", "number")
          .put("v", "number array null")
          .put("vec", "string")
          .put("tr", "string")
          .put("same", "boolean")
          .put("woken", "number boolean")
          .put("blocked", "boolean")
          .put("setup", "boolean")
          .put("vmas", "array")
          .put("runs", "array")
          .put("procs", "object")
          .buildOrThrow();

  /** How {@link #ANSWER} calls the kinds of JSON values. */
  private static final ImmutableMap<JsonNodeType, String> KIND =
      Maps.toMap(EnumSet.allOf(JsonNodeType.class), type -> type.name().toLowerCase(Locale.ROOT));

  private static OperationShape shape(String inputs, String required) {
    return new OperationShape(words(inputs), words(required));
  }

  private static ImmutableSet<String> words(String text) {
    return text.isBlank()
        ? ImmutableSet.of()
        : ImmutableSet.copyOf(Splitter.on(' ').omitEmptyStrings().split(text));
  }

  /** Checks a line: operation, inputs, and the answer's form. */
  static void check(Line line) {
    String op = line.text("op");
    OperationShape shape = SHAPES.get(op);
    if (shape == null) {
      throw line.bad(
          "expected an operation, found \"" + op + "\"" + Nearest.suggestion(op, SHAPES.keySet()));
    }
    line.integer("i");
    for (String name : shape.required) {
      line.required(name);
    }
    for (Map.Entry<String, JsonNode> field : line.object().properties()) {
      String name = field.getKey();
      if (!name.equals("i") && !name.equals("op") && !name.equals("r")) {
        if (!shape.inputs.contains(name)) {
          throw line.bad("did not expect an input \"" + name + "\" of " + op);
        }
        checkInput(line, name);
      }
    }
    checkAnswer(line);
  }

  private static void checkInput(Line line, String name) {
    if (NUMBERS.contains(name)) {
      line.integer(name);
    } else if (WORDS.contains(name)) {
      line.word(name);
    } else if (PROCESSES.contains(name)) {
      if (!isProcess(line.text(name))) {
        throw line.bad(
            "expected a process like p0 in \"" + name + "\", found " + line.required(name));
      }
    } else if (!FLAGS.contains(name) || !line.required(name).isIntegralNumber()) {
      line.text(name);
    }
  }

  /** p and one to six digits. */
  private static boolean isProcess(String name) {
    int length = name.length();
    if (length < 2 || length > 7 || name.charAt(0) != 'p') {
      return false;
    }
    for (int i = 1; i < length; i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  private static void checkAnswer(Line line) {
    JsonNode answer = line.node("r");
    if (answer.isEmpty()) {
      throw line.bad("expected an answer in \"r\"");
    }
    for (Map.Entry<String, JsonNode> field : answer.properties()) {
      String kinds = ANSWER.get(field.getKey());
      if (kinds == null) {
        throw line.bad("did not expect \"" + field.getKey() + "\" in the answer \"r\"");
      }
      String kind = KIND.get(field.getValue().getNodeType());
      if (!kinds.contains(kind)) {
        throw line.bad(
            "expected "
                + kinds.replace(" ", " or ")
                + " in \"r."
                + field.getKey()
                + "\", found "
                + Line.shortened(field.getValue()));
      }
    }
  }
}
