package org.pfnlab.lab.matrix;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.lab.spec.KernelSpec;

/** What the matrix calls recorded is recorded, and is what the recordings say. */
class RecordedTest {
  private static final String HEAD =
      """
      # Cells that a real kernel was recorded on: release, kind, type, operations.
      # Made from the recordings by RecordedTest, which says how to make it again.
      """;

  /** {@code -Dpfnlab.recorded=FILE} writes the list to that file instead of comparing it. */
  @Test
  void listIsMadeFromTheRecordings() throws IOException {
    Map<String, StringBuilder> rows = new LinkedHashMap<>();
    for (RecordedCells.Seen seen : RecordedCells.all()) {
      String cell = seen.cell();
      int end = cell.lastIndexOf(' ');
      StringBuilder row =
          rows.computeIfAbsent(
              cell.substring(0, end), start -> new StringBuilder(start).append(':'));
      row.append(cell, end, cell.length());
    }
    StringBuilder text = new StringBuilder(HEAD);
    rows.values().forEach(row -> text.append(row).append('\n'));
    String file = System.getProperty("pfnlab.recorded");
    if (file != null) {
      Files.writeString(Path.of(file), text);
      return;
    }
    assertThat(
            Resources.toString(
                Resources.getResource(Recorded.class, "recorded.txt"), StandardCharsets.UTF_8))
        .isEqualTo(text.toString());
  }

  @Test
  void modelAnswersAsRecorded() throws IOException {
    List<RecordedCells.Seen> all = RecordedCells.all();
    Map<String, Verdict> verdicts = new HashMap<>();
    for (Version version : all.stream().map(RecordedCells.Seen::version).distinct().toList()) {
      put(verdicts, KernelSpec.of(version));
    }
    List<String> wrong = new ArrayList<>();
    for (RecordedCells.Seen seen : all) {
      Verdict verdict = verdicts.get(seen.cell());
      if (verdict == null || !agrees(verdict, seen)) {
        wrong.add(
            seen.where()
                + " "
                + seen.cell()
                + ": recorded "
                + seen.outcome()
                + (seen.warned() ? "!" : "")
                + ", model "
                + (verdict == null ? "nothing" : verdict.seen() + " " + verdict.messages()));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(all).hasSizeGreaterThan(2000);
  }

  /**
   * Recordings do not tell which error get_user_pages gave, nor what a task that dies prints in the
   * form of a warning, nor again what was said once a boot; and what follows a pin that was granted
   * without a page is up to garbage.
   */
  private static boolean agrees(Verdict verdict, RecordedCells.Seen seen) {
    String outcome = verdict.outcome();
    boolean same =
        seen.outcome().equals("fails")
            ? !outcome.equals(Verdict.OK)
            : outcome.equals(seen.outcome()) || outcome.equals(Reaching.NO_PAGE);
    boolean silent = outcome.equals(Verdict.BUG) || outcome.equals(Reaching.NO_PAGE);
    boolean warns =
        verdict.warned() == seen.warned()
            || (verdict.warned() && seen.wereGivenBefore(verdict.messages()));
    return same && (silent || warns);
  }

  private static void put(Map<String, Verdict> to, KernelSpec kernel) {
    Matrix matrix =
        Matrix.run(ImmutableList.of(kernel), Subject.all(KindCatalog.standard()), Operations.all());
    for (Matrix.Row row : matrix.rows()) {
      for (int i = 0; i < row.cells().size(); i++) {
        to.put(
            Recorded.cell(
                kernel.profile().version(),
                row.subject().name(),
                row.shared(),
                matrix.operations().get(i).name()),
            row.cells().get(i));
      }
    }
  }
}
