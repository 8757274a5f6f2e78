package org.pfnlab.lab.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.maps.MapsReport;
import org.pfnlab.lab.replay.maps.Moment;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab maps}: the address spaces of a recording after one of its lines. */
@Command(
    name = "maps",
    mixinStandardHelpOptions = true,
    description = {
      "Shows address spaces in the middle of a recording, like /proc/pid/smaps, with a picture: a"
          + " letter a page for each VMA, dots for holes; below it an anonymous page is a, a file's"
          + " f, the zero page z, a guard g.",
      "",
      "The recording is one of processes (JSON lines) or output of strace -f with exec-NAME.maps"
          + " beside it. A step is a line of it, as mismatches of 'replay' name it."
    },
    footer = {
      "",
      "Example:",
      "  R=sim-drivers/src/test/resources/recordings",
      "  ./pfnlab maps $R/process/fuzz-even/basic-1000000.jsonl.gz --at 12",
      "  ./pfnlab maps $R/strace/ls --at 20 --format json"
    })
public final class MapsCommand implements Callable<Integer> {
  private enum Format {
    text,
    json
  }

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The recording; may be gzip-compressed.")
  private Path file;

  @Option(
      names = "--at",
      paramLabel = "STEP",
      description = "The line to stop after, counted from 1. Default: the last one with a process.")
  private @Nullable Long at;

  @Option(
      names = "--process",
      paramLabel = "NAME",
      description = "Only this process: p0 or a process id. Default: all that live.")
  private @Nullable String process;

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "The kernel to replay on. Default: the one that was recorded.")
  private @Nullable String kernel;

  @Option(
      names = "--format",
      paramLabel = "text|json",
      description = "How to print it. Default: text.")
  private Format format = Format.text;

  @Override
  public Integer call() throws IOException {
    if (at != null && at < 1) {
      throw new ParameterException(
          spec.commandLine(), "--at needs the number of a line, counted from 1, not " + at);
    }
    Path recording = theOne();
    Moment moment =
        Moment.of(
            recording,
            recording.toString(),
            at == null ? 0 : at,
            kernel == null ? null : KernelSpec.parse(kernel));
    PrintWriter out = spec.commandLine().getOut();
    MapsReport report = new MapsReport(moment, process);
    if (format == Format.text) {
      report.printText(out);
    } else {
      report.printJson(out);
    }
    return 0;
  }

  /** The recording; a folder will do if there is one in it. */
  private Path theOne() throws IOException {
    if (!Files.isDirectory(file)) {
      return RecordingFiles.find(List.of(file)).get(0);
    }
    List<Path> inside = RecordingFiles.find(List.of(file));
    if (inside.size() > 1) {
      throw BadInput.in(
          file.toString(), "holds " + inside.size() + " recordings, expected the path of one");
    }
    return inside.get(0);
  }
}
