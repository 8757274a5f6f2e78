package org.pfnlab.lab.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Tally;

/**
 * Recorded sequences of process-side operations; the even seeds were developed with, the odd not.
 */
class ProcessRecordingsTest {
  static List<Path> even() {
    return Recordings.in("process/fuzz-even");
  }

  static List<Path> odd() {
    return Recordings.in("process/fuzz-odd");
  }

  static List<Path> mid() {
    return Recordings.in("process/fuzz-mid");
  }

  static List<Path> full() {
    return Recordings.in("process/fuzz-full");
  }

  static List<Path> special() {
    return Recordings.in("process/fuzz-special");
  }

  static List<Path> hand() {
    return Recordings.in("process/hand");
  }

  @ParameterizedTest
  @MethodSource({"even", "odd", "mid", "full", "special"})
  void randomSequences(Path file) throws IOException {
    Tally tally = Recordings.replay(file);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(tally.matched()).isGreaterThan(80);
  }

  @ParameterizedTest
  @MethodSource("hand")
  void handWrittenCases(Path file) throws IOException {
    Tally tally = Recordings.replay(file);
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.notJudged().keySet())
        .isSubsetOf("anonymous huge pages", "after anonymous huge pages");
  }

  /** A rule that is taken away must be missed, or nobody checks it. */
  @ParameterizedTest
  @CsvSource({
    "account-flag-mprotect.jsonl, UNFAULTED_UNACCOUNTED",
    "growsdown-gup.jsonl, GUP_LEAVES_STACK",
    "gup-read-unshare-each.jsonl, PIN_UNSHARES_ANON",
    "special-uring-sqes-gup.jsonl, IO_URING_INSERTS_PAGES",
    "special-uring-sq-ring-vma.jsonl, IO_URING_CHOOSES_ADDRESS",
    "lru-activate-batch.jsonl, LRU_BATCHES",
    "lru-deactivate-batch.jsonl, LRU_BATCHES",
    "lru-lazyfree-batch.jsonl, LRU_BATCHES",
    "lru-munlock-batch.jsonl, LRU_BATCHES",
  })
  void aMissingRuleIsNoticed(String name, String feature) throws IOException {
    Path file = Recordings.path("process/hand/" + name);
    Tally tally = Recordings.replay(file, KernelSpec.parse("v6.18.44-" + feature));
    assertThat(tally.isClean()).isFalse();
  }

  @Test
  void anotherKernelIsNoticed() throws IOException {
    Path file = Recordings.path("process/hand/account-flag-mprotect.jsonl");
    assertThat(Recordings.replay(file, KernelSpec.parse("v6.1.192")).mismatched()).isPositive();
  }
}
