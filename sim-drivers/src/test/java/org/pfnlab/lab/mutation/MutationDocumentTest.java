package org.pfnlab.lab.mutation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.lab.mutation.Mutation.Unnoticed;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.print.Table;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.FeatureCatalog;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;
import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/**
 * docs/mutations.md tells what notices each rule of the model when it is switched off, and every
 * row is tried: the recording agrees with the rule and disagrees without it. With {@code
 * -Dpfnlab.golden=FOLDER} the document is written anew first; with {@code -Dpfnlab.mutations=FILE}
 * all recordings are searched for who notices what, for some minutes, and mutations.txt is written
 * to that file.
 */
final class MutationDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/mutations.md");
  private static final String HEAD =
      """
      # Rule, kernel with it, kernel without it, a recording that differs.
      # MutationDocumentTest tries every line, and says how to search all recordings anew.
      """;

  private static String about(String rule) {
    Feature feature = FeatureCatalog.find(rule);
    if (feature != null) {
      return feature.origin();
    }
    Policy policy = PolicyCatalog.standard().find(rule);
    if (policy == null) {
      throw new IllegalArgumentException("no feature or policy is called " + rule);
    }
    return "policy: " + policy.origin();
  }

  private static String operation(Mismatch mismatch) {
    String text = mismatch.operation();
    return text.length() <= 90 ? text : text.substring(0, 90) + "...";
  }

  private static Table noticed(Mutation.File file) throws IOException {
    Table.Builder rows =
        Table.of(
            Column.words("rule", "rule"),
            Column.words("what it says", "about"),
            Column.words("kernel without it", "mutant"),
            Column.words("noticed first by", "recording"),
            Column.words("operation", "operation"),
            Column.figures("operations that differ", "differing"));
    for (Mutation mutation : file.noticed()) {
      Tally tally = without(mutation);
      assertThat(tally.mismatched()).as("without %s", mutation.line()).isPositive();
      Mismatch first = tally.mismatches().get(0);
      rows.row(
          Cell.of(mutation.rule()),
          Cell.of(about(mutation.rule())),
          Cell.of(mutation.mutant()),
          Cell.of(mutation.recording() + ":" + first.line()),
          Cell.of(operation(first)),
          Cell.count(tally.mismatched()));
    }
    return rows.build();
  }

  private static Table unnoticed(Mutation.File file) {
    Table.Builder rows =
        Table.of(
            Column.words("rule", "rule"),
            Column.words("what it says", "about"),
            Column.words("test", "test"),
            Column.words("why", "reason"));
    for (Unnoticed rule : file.unnoticed()) {
      String test = rule.test().substring(rule.test().lastIndexOf('/') + 1);
      rows.row(
          Cell.of(rule.rule()),
          Cell.of(about(rule.rule())),
          Cell.of(test.equals("-") ? "none" : test),
          Cell.of(rule.reason()));
    }
    return rows.build();
  }

  private static Tally without(Mutation mutation) throws IOException {
    return Recordings.replay(
        Recordings.path(mutation.recording()), KernelSpec.parse(mutation.mutant()));
  }

  private static String document() throws IOException {
    Mutation.File file = Mutation.File.read();
    return "# Rules switched off\n\n"
        + Document.build()
            .paragraph(
                "A rule that can be taken away without anybody noticing is not checked. Each rule"
                    + " of the model that has a name in kernel specs is taken away here (`-NAME`;"
                    + " where the rule is to do without something, it is added, `+NAME`), and the"
                    + " recordings that tests replay are asked. The recording named is one that"
                    + " disagrees, with its first operation that does; others may, too. Try it with"
                    + " `pfnlab replay --kernel KERNEL FILE`, below"
                    + " `sim-drivers/src/test/resources/recordings`.")
            .table(noticed(file))
            .heading("No recording known to notice")
            .paragraph(
                "Small recordings, and those of the same subject, were asked about these, not yet"
                    + " every recording about every rule. The test named asks for the rule by name;"
                    + " rows of FeatureTableTest (the files called Features) have it from both"
                    + " sides.")
            .table(unnoticed(file))
            .done()
            .markdown();
  }

  @Test
  void everyRuleIsMissedAsTheDocumentSays() throws IOException {
    String search = System.getProperty("pfnlab.mutations");
    if (search != null) {
      StringBuilder text = new StringBuilder(HEAD);
      for (Mutation row : new MutationSearch().run()) {
        text.append(row.line()).append('\n');
      }
      Files.writeString(Path.of(search), text);
      return;
    }
    String document = document();
    if (System.getProperty("pfnlab.golden") != null) {
      Files.writeString(DOCUMENT, document);
    }
    assertThat(Files.readString(DOCUMENT)).isEqualTo(document);
  }

  @Test
  void withTheRuleTheRecordingAgrees() throws IOException {
    Map<String, Tally> done = new HashMap<>();
    for (Mutation mutation : Mutation.File.read().noticed()) {
      String key = mutation.kernel() + " " + mutation.recording();
      if (!done.containsKey(key)) {
        Path file = Recordings.path(mutation.recording());
        done.put(key, Recordings.replay(file, KernelSpec.parse(mutation.kernel())));
      }
      Tally tally = done.get(key);
      assertThat(tally.mismatched()).as(key + "\n" + Recordings.show(tally)).isZero();
      assertThat(tally.matched()).as(key).isPositive();
    }
    assertThat(done).isNotEmpty();
  }

  @Test
  void everyFeatureIsInOnePart() throws IOException {
    Mutation.File file = Mutation.File.read();
    Map<String, Integer> rows = new LinkedHashMap<>();
    file.noticed().forEach(row -> rows.merge(row.rule(), 1, Integer::sum));
    assertThat(rows).hasSizeGreaterThanOrEqualTo(30);
    file.unnoticed().forEach(row -> rows.merge(row.rule(), 1, Integer::sum));
    assertThat(rows.values()).containsOnly(1);
    assertThat(rows).containsKeys(FeatureCatalog.names().toArray(new String[0]));
  }

  @Test
  void testsThatAreNamedKnowTheRule() throws IOException {
    ImmutableList<Unnoticed> rules = Mutation.File.read().unnoticed();
    List<String> wrong = new ArrayList<>();
    for (Unnoticed rule : rules) {
      if (!rule.test().equals("-")) {
        Path source = Path.of("..").resolve(rule.test());
        if (!Files.exists(source) || !Files.readString(source).contains(rule.rule())) {
          wrong.add(rule.rule() + " in " + rule.test());
        }
      }
    }
    assertThat(wrong).isEmpty();
  }
}
