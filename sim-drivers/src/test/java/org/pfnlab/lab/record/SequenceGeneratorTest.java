package org.pfnlab.lab.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SequenceGeneratorTest {
  private static Set<String> operations(String script) {
    Set<String> names = new TreeSet<>();
    script.lines().forEach(line -> names.add(line.split(" ", 2)[0]));
    return names;
  }

  @ParameterizedTest
  @EnumSource
  void aSeedDeterminesTheScript(Profile profile) {
    String script = SequenceGenerator.script(7, profile, 60);
    assertThat(SequenceGenerator.script(7, profile, 60)).isEqualTo(script);
    assertThat(SequenceGenerator.script(8, profile, 60)).isNotEqualTo(script);
  }

  /** Long enough that whatever may come has come. */
  @ParameterizedTest
  @CsvSource({
    "BASIC, mprotect fork exit, open mremap madvise vmsplice",
    "MID, open mremap madvise mlock2 truncate, vmsplice punch mem_write",
    "FULL, punch mem_write pvm_read vmsplice dio_read ur_reg futex_wake, nothing",
  })
  void profilesDifferInWhatTheyContain(Profile profile, String present, String absent) {
    Set<String> names = operations(SequenceGenerator.script(1, profile, 2000));
    assertThat(names).contains(present.split(" ", -1)).doesNotContain(absent.split(" ", -1));
  }

  @ParameterizedTest
  @EnumSource
  void longSequencesKeepWithinTheRecordersNames(Profile profile) {
    String script = SequenceGenerator.script(3, profile, 2000);
    List<String> forks = script.lines().filter(line -> line.startsWith("fork")).toList();
    assertThat(forks).hasSizeBetween(10, 39);
    assertThat(operations(script)).doesNotContain("mseal");
    assertThat(script.lines().count()).isGreaterThan(2000);
  }

  @Test
  void everySequenceEndsWithASnapshotAndTheContentOfAllPages() {
    List<String> lines = SequenceGenerator.script(5, Profile.FULL, 60).lines().toList();
    int snapshot = lines.indexOf("snap");
    assertThat(lines.subList(snapshot + 1, lines.size())).allMatch(line -> line.startsWith("dump"));
  }
}
