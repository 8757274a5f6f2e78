package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.lab.BadInput;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;

/** The contract of the command line: what it prints where, and how it ends. */
final class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  @Test
  void versionIsTheBuilds() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).matches("pfnlab \\d+\\.\\d+\\.\\d+\n");
    assertThat(err.toString()).isEmpty();

    String text = out.toString();
    out.getBuffer().setLength(0);
    assertThat(run("-V")).isZero();
    assertThat(out).hasToString(text);
  }

  @Test
  void helpNamesTheExitStatuses() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: pfnlab [-hV] COMMAND\n")
        .contains("  0 ", "  1 ", "  2 ", "  70 ")
        .doesNotContain("\u001b");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "'', Missing command. See 'pfnlab --help'.",
        "qqqqqq, Unknown command or argument 'qqqqqq'. See 'pfnlab --help'.",
        "--verion, \"Unknown option '--verion', did you mean '--version'? See 'pfnlab --help'.\"",
        "@nofile, Unknown command or argument '@nofile'. See 'pfnlab --help'.",
      })
  void badUsageIsOneLineAndExit2(String argument, String line) {
    String[] args = argument.equals("''") ? new String[0] : new String[] {argument};
    assertThat(run(args)).isEqualTo(2);
    assertThat(err.toString()).isEqualTo("pfnlab: " + line + "\n");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "help foo | Unknown subcommand 'foo'. See",
        "cost --pages x | '--pages': 'x' is no whole number. See",
        "selfcheck --seed x | '--seed': 'x' is no whole number. See",
        "selfcheck --count 0 | --count needs a number above 0. See",
        "selfcheck --keep pom.xml | pom.xml: is no directory, expected one",
        "record --fuzz 1 --out pom.xml | pom.xml: is no directory, expected one",
        "record --fuzz -1 --out target | Missing what to record",
        "record missing.txt --out target | missing.txt: no such file",
        "record src --out target | src: is a directory, expected a script",
      })
  void whatCannotBeDoneIsOneLineAndExit2(String arguments, String words) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("pfnlab: ").contains(words).hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void suggestsCommands() {
    assertThat(run("hepl")).isEqualTo(2);
    assertThat(err.toString())
        .matches(
            "pfnlab: Unknown command or argument 'hepl', did you mean ('[a-z]+' or )*'help'"
                + "( or '[a-z]+')*\\? See 'pfnlab --help'.\n");
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            BadInput.at("iomem.txt", 3, 1, "not hex, expected 'start-end : name'"),
            2,
            "iomem.txt:3:1: not hex, expected 'start-end : name'"),
        Arguments.of(new NoSuchFileException("x.jsonl"), 2, "x.jsonl: no such file"),
        Arguments.of(new AccessDeniedException("x.jsonl"), 2, "x.jsonl: permission denied"),
        Arguments.of(new FileSystemException("x", null, "Is a directory"), 2, "x: Is a directory"),
        Arguments.of(new MalformedInputException(1), 2, "input is not UTF-8 text"),
        Arguments.of(new UncheckedIOException(new NoSuchFileException("x")), 2, "x: no such file"),
        Arguments.of(
            new ZipException("invalid block type"), 2, "damaged gzip input: invalid block type"),
        Arguments.of(new IOException("gone\naway"), 2, "cannot read or write: gone away"),
        Arguments.of(
            new IllegalStateException("rss is -1\nvma"),
            70,
            "internal error, please report it with the command line: "
                + "java.lang.IllegalStateException: rss is -1 vma"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void failureIsOneLineWithoutStackTrace(Exception failure, int status, String line) {
    CommandLine pfnlab = Main.commandLine().addSubcommand(new Failing(failure));
    pfnlab.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    assertThat(pfnlab.execute("fail")).isEqualTo(status);
    assertThat(err.toString()).isEqualTo("pfnlab: " + line + "\n");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void limitsOfTheMachineAreOneLineToo() {
    PrintWriter to = new PrintWriter(err);
    assertThat(Failures.exhausted(new StackOverflowError(), to)).isEqualTo(70);
    assertThat(Failures.exhausted(new OutOfMemoryError("Java heap space"), to)).isEqualTo(70);
    assertThat(err.toString())
        .isEqualTo(
            "pfnlab: nested too deeply for the stack, try PFNLAB_JAVA_OPTS=-Xss64m\n"
                + "pfnlab: out of memory, try PFNLAB_JAVA_OPTS=-Xmx4g\n");
  }

  @Test
  void everyCommandExplainsItselfWithAnExample() {
    Map<String, CommandLine> commands = Main.commandLine().getSubcommands();
    assertThat(commands.keySet()).containsExactlyElementsOf(Main.COMMANDS.keySet());
    commands.forEach(
        (name, command) -> {
          if (command.getCommand() instanceof HelpCommand) {
            return;
          }
          assertThat(command.getCommandSpec().usageMessage().description()).as(name).isNotEmpty();
          assertThat(command.getUsageMessage()).as(name).contains("--help", "./pfnlab " + name);
        });
  }

  @Command(name = "fail")
  private static final class Failing implements Callable<Integer> {
    private final Exception failure;

    Failing(Exception failure) {
      this.failure = failure;
    }

    @Override
    public Integer call() throws Exception {
      throw failure;
    }
  }
}
