package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableMap;
import java.io.PrintWriter;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * The {@code pfnlab} command and the contract of all its subcommands.
 *
 * <ul>
 *   <li>Results go to standard output, everything else to standard error; both UTF-8, with {@code
 *       '\n'}, the same in every locale. A subcommand prints to {@code
 *       spec.commandLine().getOut()}.
 *   <li>Exit status 0: done, and what was asked for holds; 1: done, and it does not hold; 2: bad
 *       input or usage, one line says where and what to do; 70: a fault of pfnlab itself.
 *   <li>A subcommand is a {@code Callable<Integer>}. It throws {@link org.pfnlab.lab.BadInput}, or
 *       lets an {@link java.io.IOException} pass; {@link Failures} turns them into that line.
 *   <li>Colour only where the launcher saw a terminal and no {@code NO_COLOR}; a subcommand asks
 *       {@code spec.commandLine().getColorScheme().ansi().enabled()}.
 * </ul>
 */
@Command(
    name = "pfnlab",
    mixinStandardHelpOptions = true,
    versionProvider = BuildVersion.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "A laboratory for Linux's memory-mapping rules.",
    footerHeading = "%nExit status:%n",
    footer = {
      "  0   done, and what was asked for holds",
      "  1   done, and it does not hold (a mismatch, a difference)",
      "  2   bad input or usage; one line says where, and what to do",
      "  70  a fault of pfnlab itself; PFNLAB_DEBUG=1 shows the stack trace"
    })
public final class Main implements Runnable {
  /** Every command by its name, in the order of {@code --help}. */
  static final ImmutableMap<String, Class<?>> COMMANDS =
      ImmutableMap.<String, Class<?>>builder()
          .put("help", HelpCommand.class)
          .put("audit", AuditCommand.class)
          .put("cost", CostCommand.class)
          .put("counts", CountsCommand.class)
          .put("iomem", IomemCommand.class)
          .put("kinds", KindsCommand.class)
          .put("maps", MapsCommand.class)
          .put("matrix", MatrixCommand.class)
          .put("memtype", MemtypeCommand.class)
          .put("record", RecordCommand.class)
          .put("replay", ReplayCommand.class)
          .put("report", ReportCommand.class)
          .put("selfcheck", SelfcheckCommand.class)
          .buildOrThrow();

  @Spec private CommandSpec spec;

  /** Runs one command line and ends the process with its exit status. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    StandardStreams streams = new StandardStreams();
    Help.Ansi ansi = Boolean.getBoolean("pfnlab.colour") ? Help.Ansi.ON : Help.Ansi.OFF;
    int status = run(streams.out(), streams.err(), ansi, args);
    System.exit(streams.close(status));
  }

  /**
   * Runs one command line in this process, without colour.
   *
   * @return the exit status
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    return run(out, err, Help.Ansi.OFF, args);
  }

  private static int run(PrintWriter out, PrintWriter err, Help.Ansi ansi, String... args) {
    if (args.length == 1 && args[0].equals("--version")) {
      // Scripts ask this often, and picocli takes three times as long as the JVM itself to start.
      out.print(BuildVersion.text() + "\n");
      out.flush();
      return 0;
    }
    try {
      int status =
          commandLine(needed(args))
              .setOut(out)
              .setErr(err)
              .setColorScheme(Help.defaultColorScheme(ansi))
              .execute(args);
      out.flush();
      err.flush();
      return status;
    } catch (StackOverflowError | OutOfMemoryError e) {
      return Failures.exhausted(e, err);
    }
  }

  /** The command tree, with all commands. */
  static CommandLine commandLine() {
    return commandLine(COMMANDS.values());
  }

  private static CommandLine commandLine(Iterable<Class<?>> commands) {
    CommandLine pfnlab = new CommandLine(new Main());
    for (Class<?> command : commands) {
      pfnlab.addSubcommand(command);
    }
    Failures failures = new Failures();
    return pfnlab
        .setExpandAtFiles(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures);
  }

  /**
   * picocli takes its time to read a command's annotations: it gets no more of them than it must.
   */
  private static Collection<Class<?>> needed(String[] args) {
    Class<?> named = args.length == 0 ? null : COMMANDS.get(args[0]);
    return named == null || named == HelpCommand.class ? COMMANDS.values() : List.of(named);
  }

  /** Without a command there is nothing to do but to say what could be done. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Missing command");
  }
}
