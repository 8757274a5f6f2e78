package org.pfnlab.lab.cli;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.Contest;
import org.pfnlab.lab.replay.JsonReport;
import org.pfnlab.lab.replay.Referee;
import org.pfnlab.lab.replay.ReplayReport;
import org.pfnlab.lab.replay.TextReport;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;
import org.pfnlab.lab.verdict.Tally;
import org.pfnlab.lab.verdict.Unjudged;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab replay}: holds the modelled kernel against recordings of real ones. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Replays recordings of real kernels and compares every recorded answer.",
      "",
      "Each mismatch is shown with file, line, operation, both answers and the address space around"
          + " it. The last line is 'N matched, M mismatched'; operations that cannot be judged yet"
          + " are counted by reason in the line before it."
    },
    footer = {
      "",
      "Example:",
      "  R=sim-drivers/src/test/resources/recordings",
      "  ./pfnlab replay $R/process $R/strace $R/linux-6.1",
      "  ./pfnlab replay --kernel v6.1.192-X86_PAT --stop-at-first $R/linux-6.1"
    })
public final class ReplayCommand implements Callable<Integer> {
  private enum Format {
    text,
    json
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "PATH",
      arity = "0..*",
      description = "Recordings (JSON lines, may be gzip-compressed) or directories of them.")
  private List<Path> paths = List.of();

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = {
        "The kernel to hold against them, like v6.18.2-X86_PAT+dmabuf-refuse-cow.",
        "Without it, the one that each recording was made on; a policies.txt beside recordings"
            + " names the policies that it was patched with."
      })
  private @Nullable String kernel;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description = "A policy to install on top; may be repeated.")
  private List<String> policies = List.of();

  @Option(names = "--stop-at-first", description = "End with the first mismatch.")
  private boolean stopAtFirst;

  @Option(
      names = "--format",
      paramLabel = "text|json",
      description = "The report's form; json prints one object a line. Default: text.")
  private Format format = Format.text;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Recordings replayed at a time. Default: one for each processor.")
  private int jobs = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--unjudged",
      description = "List what nobody judges, because the kernel itself does not repeat it.")
  private boolean unjudged;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (unjudged) {
      printUnjudged(spec.commandLine().getOut());
      return 0;
    }
    if (paths.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "Missing required parameter: 'PATH'");
    }
    if (jobs < 1) {
      throw new ParameterException(spec.commandLine(), "--jobs needs a number above 0");
    }
    policies.forEach(PolicyCatalog.standard()::named);
    Contest contest =
        new Contest(
            kernel == null ? null : KernelSpec.parse(kernel),
            ImmutableList.copyOf(policies),
            stopAtFirst);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Session session =
        new Session(format == Format.text ? new TextReport(out) : new JsonReport(out), err);
    new Referee(contest).replay(RecordingFiles.find(paths), jobs, session);
    return session.end();
  }

  private static void printUnjudged(PrintWriter out) {
    for (Unjudged rule : Unjudged.values()) {
      out.print(rule.kernels() + ": " + rule.what() + "\n    " + rule.why() + "\n");
    }
  }

  /** Reports recordings as they are finished, and remembers how the command ends. */
  private final class Session implements Referee.Listener {
    private final ReplayReport report;
    private final PrintWriter err;
    private final Tally total = new Tally();
    private int replayed;
    private int damaged;

    Session(ReplayReport report, PrintWriter err) {
      this.report = report;
      this.err = err;
    }

    @Override
    public boolean done(Referee.Result result) {
      if (result instanceof Referee.Result.Replayed fine) {
        replayed++;
        fine.tally().mismatches().forEach(report::mismatch);
        total.addCounts(fine.tally());
      } else if (result instanceof Referee.Result.Damaged bad) {
        damaged++;
        err.print("pfnlab: " + bad.why().getMessage() + "\n");
        err.flush();
      }
      return !stopAtFirst || total.mismatched() == 0;
    }

    int end() {
      if (replayed > 0) {
        report.end(total);
      }
      if (damaged > 0) {
        return 2;
      }
      return total.isClean() ? 0 : 1;
    }
  }
}
