package org.pfnlab.lab.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import java.util.Locale;

/**
 * Runs the commands that people start most, with their output thrown away, so that the JVM sees the
 * classes which they load. The launcher has the JVM archive those classes (class-data sharing).
 */
final class Rehearsal {
  private static final List<List<String>> COMMANDS =
      List.of(List.of("--version"), List.of("--help"));

  private Rehearsal() {}

  /** Runs every command; what they print and how they end does not matter. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    StandardStreams streams = new StandardStreams();
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    for (List<String> command : COMMANDS) {
      Main.run(nowhere, nowhere, command.toArray(String[]::new));
    }
    streams.close(0);
  }
}
