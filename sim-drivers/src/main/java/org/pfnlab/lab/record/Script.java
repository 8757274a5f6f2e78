package org.pfnlab.lab.record;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.lab.BadInput;

/**
 * What the recorder is to perform: one operation a line, {@code OPERATION key=value ...}, {@code #}
 * comments.
 *
 * @param source what messages call it
 * @param name of the recording that comes of it
 * @param header inputs of the header, in the script's own form
 * @param text the operations
 */
public record Script(String source, String name, String header, String text) {

  private static final Pattern LINE = Pattern.compile("line (\\d+): (.*)");

  /** A random one. */
  public static Script random(long seed, Profile profile, int length) {
    String name = (length > 500 ? "long-" : "") + profile + "-" + seed;
    String header = " set=fuzz profile=" + profile + " seed=" + seed;
    return new Script(name, name, header, SequenceGenerator.script(seed, profile, length));
  }

  /**
   * One that a user has written.
   *
   * @throws BadInput if it cannot be read
   */
  public static Script read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw BadInput.in(file.toString(), "is a directory, expected a script, one operation a line");
    }
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.[a-z]+$", "");
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return new Script(
        file.toString(), plain, " set=hand", Files.readString(file, StandardCharsets.UTF_8));
  }

  /** Why the recorder could not perform it, by what it said: {@code line N: ...}, or the like. */
  BadInput failure(String said) {
    Matcher line = LINE.matcher(said);
    return line.matches()
        ? BadInput.at(source, Long.parseLong(line.group(1)), line.group(2))
        : BadInput.in(source, said.isEmpty() ? "the recorder was stopped" : said);
  }

  /** As the recorder reads it: the header first, as line 0. */
  String input() {
    return "meta name=" + name + header + "\n" + text;
  }
}
