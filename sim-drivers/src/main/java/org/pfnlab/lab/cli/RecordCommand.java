package org.pfnlab.lab.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.record.Recorder;
import org.pfnlab.lab.record.Script;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code pfnlab record}: recordings of the kernel that is running here. */
@Command(
    name = "record",
    mixinStandardHelpOptions = true,
    description = {
      "Records what the running kernel answers to scripts of memory-management operations.",
      "",
      "A small C program, compiled with 'cc' on first use, performs each script in processes of its"
          + " own and writes one JSON object a line; './pfnlab replay' reads them. Each script runs"
          + " twice and is kept only if the kernel answers the same both times. Without root,"
          + " snapshots of frames and what an access did to its page are left out."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab record --fuzz 20 --profile mid --out recordings",
      "  ./pfnlab record case.txt --out recordings"
    })
public final class RecordCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SCRIPT",
      arity = "0..*",
      description = "Scripts: OPERATION key=value ... on each line, # comments.")
  private List<Path> files = List.of();

  @Option(names = "--fuzz", paramLabel = "N", description = "Record N random sequences.")
  private int fuzz;

  @Mixin private FreshSequences sequences;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "Where recordings go; made if it does not exist.")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Path folder = out;
    if (folder == null || fuzz < 0 || (files.isEmpty() && fuzz == 0)) {
      throw new ParameterException(
          spec.commandLine(), "Missing what to record: scripts, or --fuzz N with N above 0");
    }
    Outputs.requireFolder(folder);
    List<Script> scripts = new ArrayList<>();
    for (Path file : files) {
      scripts.add(Script.read(file));
    }
    PrintWriter err = spec.commandLine().getErr();
    int total = scripts.size() + fuzz;
    int kept = 0;
    try (Recorder recorder = Recorder.open()) {
      Files.createDirectories(folder);
      Progress progress = new Progress(err, "recorded", total);
      for (int i = 0; i < total; i++) {
        boolean written = i < scripts.size();
        Script script = written ? scripts.get(i) : sequences.get(i - scripts.size());
        kept += recorder.recordTwice(script, folder.resolve(script.name() + ".jsonl")) ? 1 : 0;
        progress.done(i + 1);
      }
      if (recorder.isBlind()) {
        err.print("pfnlab: not root: without frames, pagemap, and tr and same of accesses\n");
        err.flush();
      }
    }
    String dropped = kept == total ? "" : ", " + (total - kept) + " dropped: not repeated";
    String again = fuzz > 0 ? " (" + sequences.again() + ")" : "";
    spec.commandLine().getOut().print(kept + " recorded in " + folder + dropped + again + "\n");
    return kept == total ? 0 : 1;
  }
}
