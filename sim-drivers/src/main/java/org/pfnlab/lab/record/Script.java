package org.pfnlab.lab.record;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.pfnlab.lab.BadInput;

/**
 * What the recorder is to perform: one operation a line, {@code OPERATION key=value ...}, {@code #}
 * comments.
 *
 * @param name of the recording that comes of it
 * @param header inputs of the header, in the script's own form
 * @param text the operations
 */
public record Script(String name, String header, String text) {

  /** A random one. */
  public static Script random(long seed, Profile profile, int length) {
    String name = (length > 500 ? "long-" : "") + profile + "-" + seed;
    String header = " set=fuzz profile=" + profile + " seed=" + seed;
    return new Script(name, header, SequenceGenerator.script(seed, profile, length));
  }

  /**
   * One that a user has written.
   *
   * @throws BadInput if it cannot be read
   */
  public static Script read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw BadInput.in(file.toString(), "expected a script, one operation a line");
    }
    String name = String.valueOf(file.getFileName()).replaceFirst("\\.[a-z]+$", "");
    String plain = name.replaceAll("[^A-Za-z0-9._-]", "_");
    return new Script(plain, " set=hand", Files.readString(file, StandardCharsets.UTF_8));
  }

  /** As the recorder reads it: the header first. */
  String input() {
    return "meta name=" + name + header + "\n" + text;
  }
}
