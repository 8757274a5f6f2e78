package org.pfnlab.lab.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.spec.KernelSpec;

/** Needs Linux, a C compiler, and root, whom nothing is hidden from. */
class SelfcheckTest {
  @TempDir private Path folder;

  private static Recorder recorder() throws IOException, InterruptedException {
    try {
      return Recorder.open();
    } catch (BadInput e) {
      assumeTrue(false, "skipped: " + e.getMessage());
      throw e;
    }
  }

  private static boolean runs(String series) {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/osrelease")).startsWith(series);
    } catch (IOException e) {
      return false;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "6.18.44, v6.18.44",
    "6.18.40, v6.18.44",
    "6.18.3, v6.18.2",
    "6.19.1, v6.18.44",
    "6.1.150, v6.1.192",
    "5.15.0, v5.11",
  })
  void theNearestKnownKernelStandsForOthers(String running, String model) {
    KernelSpec nearest = Selfcheck.nearest(Version.parse(running));
    assertThat(nearest.profile().version()).isEqualTo(Version.parse(model));
  }

  @Test
  void theSourcesCompileWithoutWarnings() throws IOException, InterruptedException {
    recorder().close();
    Path sources = Files.createDirectory(folder.resolve("sources"));
    for (String name : Recorder.sources()) {
      Files.write(sources.resolve(name), Recorder.source(name));
    }
    String all =
        "cc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -Wno-unused-result -c *.c 2>&1";
    Process compiler = new ProcessBuilder("sh", "-c", all).directory(sources.toFile()).start();
    String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(compiler.waitFor()).as(said).isZero();
  }

  @Test
  void theModelAgreesWithTheRunningKernel() throws IOException, InterruptedException {
    assumeTrue(runs("6.18."), "skipped: the running kernel is none that was recorded");
    Path keep = folder.resolve("keep");
    try (Recorder recorder = recorder()) {
      Selfcheck check = new Selfcheck(recorder, keep, null);
      for (Profile profile : Profile.values()) {
        check.check(Script.random(20, profile, 40));
      }
      assertThat(check.differing()).as(check.contest()).isZero();
      assertThat(check.operations()).containsKeys("mmap", "mremap", "vmsplice");
    }
    assertThat(keep).doesNotExist();
  }

  /** A kernel of another time must be told from this one, and what shows it is kept. */
  @Test
  void aDifferenceIsFoundAndKept() throws IOException, InterruptedException {
    assumeTrue(runs("6.18."), "skipped: the running kernel is none that was recorded");
    Path keep = folder.resolve("keep");
    try (Recorder recorder = recorder()) {
      Selfcheck check = new Selfcheck(recorder, keep, KernelSpec.parse("v5.11"));
      assertThat(check.check(Script.random(20, Profile.FULL, 200))).isFalse();
      assertThat(check.differing()).isEqualTo(1);
    }
    assertThat(keep.resolve("full-20.jsonl")).exists();
  }

  @Test
  void aScriptThatCannotBePerformedLeavesNothing() throws IOException, InterruptedException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Path text =
        Files.writeString(folder.resolve("broken.txt"), "# a comment\nload page=0\n\nfrobnicate\n");
    try (Recorder recorder = recorder()) {
      Script script = Script.read(text);
      assertThatThrownBy(() -> recorder.record(script, out.resolve("broken.jsonl")))
          .isInstanceOf(BadInput.class)
          .hasMessage(text + ":4: unknown operation frobnicate");
    }
    try (Stream<Path> left = Files.list(out)) {
      assertThat(left.toList()).isEqualTo(List.of());
    }
  }
}
