package org.pfnlab.lab.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Runs what people run most, with the output thrown away, so that the JVM sees the classes which
 * that takes. The launcher has the JVM archive those classes (class-data sharing).
 */
final class Rehearsal {
  private Rehearsal() {}

  /** Runs every command line; what it prints and how it ends does not matter. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    StandardStreams streams = new StandardStreams();
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    for (String[] commandLine : commandLines()) {
      Main.run(nowhere, nowhere, commandLine);
    }
    streams.close(0);
  }

  /** The help of every command, and the commands that need no input. */
  private static List<String[]> commandLines() {
    List<String[]> all = new ArrayList<>();
    all.add(new String[] {"--version"});
    all.add(new String[] {"-V"});
    all.add(new String[] {"--help"});
    for (String command : Main.COMMANDS.keySet()) {
      all.add(new String[] {command, "--help"});
    }
    for (String command : List.of("report", "matrix", "cost")) {
      all.add(new String[] {command});
    }
    return all;
  }
}
