package org.pfnlab.lab.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Tally;

/** What three kernels answered about the mappings of drivers. */
class DriverRecordingsTest {
  static List<Path> battery() {
    return Stream.of("linux-5.11", "linux-6.1", "linux-6.18.2")
        .flatMap(set -> Recordings.in(set + "/battery").stream())
        .toList();
  }

  @ParameterizedTest
  @MethodSource("battery")
  void batteryCases(Path file) throws IOException {
    Tally tally = Recordings.replay(file);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(tally.matched()).isGreaterThanOrEqualTo(Recordings.lines(file) * 19 / 20);
  }

  /** The difference on which the rule of 2021 foundered: an IOMMU before the device, or none. */
  @ParameterizedTest
  @ValueSource(strings = {"_dma_mmap_layout_offsets", "_dma_mmap_vm_flags"})
  void dmaMappings(String name) throws IOException {
    Path file = Recordings.path("linux-6.1/dma/" + name + ".jsonl.gz");
    Tally tally = Recordings.replay(file);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(tally.matched()).isEqualTo(Recordings.lines(file));
  }

  static List<Path> boots() {
    return Stream.of("linux-5.11", "linux-6.1", "linux-6.18.2")
        .flatMap(set -> Recordings.in(set + "/boots").stream())
        .toList();
  }

  /** What a case says depends on what was said, or set, before: warnings once, and huge pages. */
  @ParameterizedTest
  @MethodSource("boots")
  void casesOfOneBoot(Path file) throws IOException {
    Tally tally = Recordings.replay(file);
    assertThat(tally.isClean()).as(Recordings.show(tally)).isTrue();
    assertThat(tally.matched()).isPositive();
  }

  /** The setting is the boot's: a kernel named by the user gets it too, and needs it. */
  @Test
  void hugeEntriesWereRecordedWithThpAlways() throws IOException {
    Path file = Recordings.path("linux-6.18.2/battery/_huge_pfn_4M_mapping.jsonl.gz");
    KernelSpec kernel = KernelSpec.parse("v6.18.2");
    assertThat(Recordings.replay(file, kernel).isClean()).isTrue();
    KernelSpec deaf = KernelSpec.parse("v6.18.2+HUGE_FAULT_REFUSES_SPECIAL");
    assertThat(Recordings.replay(file, deaf).mismatched()).isGreaterThan(100);
  }

  @ParameterizedTest
  @ValueSource(strings = {"linux-5.11", "linux-6.1", "linux-6.18.2"})
  void countsOverGrowingResourceTrees(String set) throws IOException {
    Tally tally = Recordings.replay(Recordings.path(set + "/counts/resource_tree.jsonl.gz"));
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.isClean()).isTrue();
    assertThat(tally.matched()).isEqualTo(72);
  }

  /** The same questions to kernels that were patched with a rule. */
  @ParameterizedTest
  @ValueSource(strings = {"dmabuf-warn-pfnmap", "heap-vm-insert-page"})
  void policies(String policy) throws IOException {
    Path file = Recordings.path("linux-6.1/patched-" + policy + "/answers.jsonl.gz");
    Tally tally = Recordings.replay(file, KernelSpec.parse("v6.1.192+" + policy));
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(Recordings.replay(file, KernelSpec.parse("v6.1.192")).mismatched()).isPositive();
  }

  /** policies.txt beside a recording says how its kernel was patched. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "linux-6.1/patched-dmabuf-warn-pfnmap/answers.jsonl.gz",
        "linux-6.1/patched-heap-vm-insert-page/answers.jsonl.gz",
        "linux-6.1/patched-heap-vm-insert-page/counts.jsonl.gz",
        "linux-5.11/patched-heap-vm-insert-page/counts.jsonl.gz",
      })
  void aPatchedKernelIsKnownByItsFolder(String recording) throws IOException {
    Tally tally = Recordings.replay(Recordings.path(recording));
    assertThat(tally.mismatched()).as(Recordings.show(tally)).isZero();
    assertThat(tally.matched()).isPositive();
  }

  /** What one kernel does differently from another must be noticed. */
  @ParameterizedTest
  @CsvSource({
    "linux-6.1, v6.1.192-X86_PAT, 300",
    "linux-6.1, v5.11, 1",
    "linux-5.11, v6.18.2, 40",
    "linux-6.18.2, v6.1.192, 40",
  })
  void anotherKernelIsNoticed(String set, String kernel, long atLeast) throws IOException {
    Path file = Recordings.path(set + "/battery/mod_a_bar_remap_wc.jsonl.gz");
    Tally tally = Recordings.replay(file, KernelSpec.parse(kernel));
    assertThat(tally.mismatched()).isGreaterThanOrEqualTo(atLeast);
  }

  @ParameterizedTest
  @CsvSource({
    "linux-5.11, v5.11-IOMEM_SIBLINGS_ONLY",
    "linux-6.1, v6.1.192-IOMEM_SKIP_CHILDREN",
    "linux-6.1, v6.1.192-X86_PAT",
    "linux-6.18.2, v6.18.2-PER_VMA_LOCK",
  })
  void anotherWayIsCounted(String set, String kernel) throws IOException {
    Path file = Recordings.path(set + "/counts/resource_tree.jsonl.gz");
    assertThat(Recordings.replay(file, KernelSpec.parse(kernel)).mismatched()).isPositive();
  }
}
