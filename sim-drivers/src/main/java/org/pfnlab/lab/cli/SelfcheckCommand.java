package org.pfnlab.lab.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Ink;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.print.TextTable;
import org.pfnlab.lab.record.Recorder;
import org.pfnlab.lab.record.Selfcheck;
import org.pfnlab.lab.spec.KernelSpec;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pfnlab selfcheck}: holds the model against the kernel that is running here. */
@Command(
    name = "selfcheck",
    mixinStandardHelpOptions = true,
    description = {
      "Records fresh random sequences on the running kernel, replays them, and says by operation"
          + " what agrees.",
      "",
      "Recordings of sequences that do not match are kept, for './pfnlab replay'. A sequence that"
          + " the kernel itself does not repeat is counted apart and not judged."
    },
    footer = {
      "",
      "Example:",
      "  ./pfnlab selfcheck",
      "  ./pfnlab selfcheck --count 10 --length 2000 --profile full"
    })
public final class SelfcheckCommand implements Callable<Integer> {
  private enum Format {
    text,
    json
  }

  @Spec private CommandSpec spec;

  @Option(names = "--count", paramLabel = "N", description = "Sequences. Default: 100.")
  private int count = 100;

  @Mixin private FreshSequences sequences;

  @Option(
      names = "--kernel",
      paramLabel = "SPEC",
      description = "The modelled kernel. Default: the known one nearest to the running one.")
  private @Nullable String kernel;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Where recordings that do not match go. Default: selfcheck-mismatches.")
  private Path keep = Path.of("selfcheck-mismatches");

  @Option(
      names = "--format",
      paramLabel = "text|json",
      description = "The report's form. Default: text.")
  private Format format = Format.text;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (count < 1) {
      throw new ParameterException(spec.commandLine(), "--count needs a number above 0");
    }
    Outputs.requireFolder(keep);
    KernelSpec asked = kernel == null ? null : KernelSpec.parse(kernel);
    PrintWriter out = spec.commandLine().getOut();
    try (Recorder recorder = Recorder.open()) {
      Selfcheck check = new Selfcheck(recorder, keep, asked);
      Progress progress = new Progress(spec.commandLine().getErr(), "checked", count);
      for (int i = 0; i < count; i++) {
        check.check(sequences.get(i));
        progress.done(i + 1);
      }
      out.print(format == Format.text ? text(check) : json(check));
      return check.differing() == 0 ? 0 : 1;
    }
  }

  private String text(Selfcheck check) {
    Table.Builder table =
        Table.of(
            Column.words("operation", "operation"),
            Column.figures("matched", "matched"),
            Column.figures("mismatched", "mismatched"));
    long matched = 0;
    long mismatched = 0;
    for (Map.Entry<String, Selfcheck.Count> operation : check.operations().entrySet()) {
      Selfcheck.Count n = operation.getValue();
      matched += n.matched();
      mismatched += n.mismatched();
      Cell differing = Cell.count(n.mismatched());
      table.row(
          Cell.of(operation.getKey()),
          Cell.count(n.matched()),
          n.mismatched() > 0 ? differing.in(Ink.BAD) : differing);
    }
    boolean colour = spec.commandLine().getColorScheme().ansi().enabled();
    StringBuilder text = new StringBuilder(check.contest()).append("\n\n");
    text.append(TextTable.print(table.build(), colour)).append('\n');
    if (check.differing() > 0) {
      text.append(check.differing() + " of " + check.sequences() + " sequences do not match: ");
      text.append("kept in " + check.kept() + ", look with ./pfnlab replay " + check.kept() + "\n");
    }
    if (check.unrepeated() > 0) {
      text.append(check.unrepeated() + " sequences not judged: the kernel did not repeat them\n");
    }
    text.append("again with " + sequences.again() + " --count " + count + "\n");
    return text + "" + matched + " matched, " + mismatched + " mismatched\n";
  }

  private String json(Selfcheck check) {
    ObjectNode report = JsonMapper.builder().build().createObjectNode();
    report.put("contest", check.contest());
    report.put("seed", sequences.firstSeed());
    report.put("sequences", check.sequences());
    report.put("differing", check.differing());
    report.put("not_repeated", check.unrepeated());
    if (check.differing() > 0) {
      report.put("kept", check.kept().toString());
    }
    ObjectNode operations = report.putObject("operations");
    check
        .operations()
        .forEach(
            (name, n) -> {
              ObjectNode counts = operations.putObject(name);
              counts.put("matched", n.matched());
              counts.put("mismatched", n.mismatched());
              counts.put("not_judged", n.notJudged());
            });
    return report + "\n";
  }
}
