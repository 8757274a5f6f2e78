package org.pfnlab.lab.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.pfnlab.lab.BadInput;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * How a command that cannot finish says so: one line on standard error, an exit status, and a stack
 * trace only if the environment has {@code PFNLAB_DEBUG}.
 */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  /** Bad input or bad usage. */
  static final int BAD_INPUT = ExitCode.USAGE;

  /** A fault of pfnlab itself: EX_SOFTWARE of sysexits.h. */
  static final int OWN_FAULT = 70;

  /** How picocli ends some of its messages; all of ours get a full stop. */
  private static final Pattern END = Pattern.compile("\\.$");

  private static final Pattern JAVA_TYPE = Pattern.compile(" is not an? (?:int|long)$");

  /** picocli could not make sense of the arguments. */
  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    say(command.getErr(), complaint(e) + " See '" + name + " --help'.", e);
    return BAD_INPUT;
  }

  private static String complaint(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      String message = String.valueOf(e.getMessage());
      return JAVA_TYPE
              .matcher(END.matcher(message).replaceFirst(""))
              .replaceFirst(" is no whole number")
          + ".";
    }
    String argument = unmatched.getUnmatched().get(0);
    String what =
        unmatched.isUnknownOption() ? "Unknown option '" : "Unknown command or argument '";
    List<String> near = unmatched.getSuggestions();
    return what
        + argument
        + "'"
        + (near.isEmpty() ? "." : ", did you mean '" + String.join("' or '", near) + "'?");
  }

  /** A command threw. */
  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    command.getOut().flush();
    if (e instanceof BadInput) {
      say(err, String.valueOf(e.getMessage()), e);
      return BAD_INPUT;
    }
    Throwable cause = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
    if (cause instanceof IOException io) {
      say(err, unreadable(io), e);
      return BAD_INPUT;
    }
    say(err, "internal error, please report it with the command line: " + e, e);
    return OWN_FAULT;
  }

  /** The machine's limits ended a command; the parse result is gone with the stack. */
  static int exhausted(VirtualMachineError e, PrintWriter err) {
    String what =
        e instanceof OutOfMemoryError ? "out of memory" : "nested too deeply for the stack";
    String option = e instanceof OutOfMemoryError ? "-Xmx4g" : "-Xss64m";
    say(err, what + ", try PFNLAB_JAVA_OPTS=" + option, e);
    return OWN_FAULT;
  }

  private static String unreadable(IOException e) {
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file";
    }
    if (e instanceof AccessDeniedException denied) {
      return denied.getFile() + ": permission denied";
    }
    if (e instanceof FileSystemException file) {
      String reason = file.getReason() == null ? "cannot be used" : file.getReason();
      return file.getFile() + ": " + reason;
    }
    if (e instanceof CharacterCodingException) {
      return "input is not UTF-8 text";
    }
    if (e instanceof ZipException) {
      return "damaged gzip input: " + e.getMessage();
    }
    return "cannot read or write: " + e.getMessage();
  }

  private static void say(PrintWriter err, String line, Throwable e) {
    err.print("pfnlab: " + line.replace('\n', ' ').replace('\r', ' ') + "\n");
    if (System.getenv("PFNLAB_DEBUG") != null) {
      e.printStackTrace(err);
    }
    err.flush();
  }
}
