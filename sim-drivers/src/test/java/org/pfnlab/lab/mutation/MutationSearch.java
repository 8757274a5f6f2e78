package org.pfnlab.lab.mutation;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.lab.recording.RecordingFiles;
import org.pfnlab.lab.replay.Contest;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.replay.Referee;
import org.pfnlab.lab.spec.FeatureCatalog;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Tally;

/**
 * Asks the recordings about every rule, the smallest recording first, until one misses it: takes a
 * few minutes. A rule is a feature that the kernel of a recording has, and is taken away; where no
 * recording misses it, or no recorded kernel has it, the rule is to do without the feature, which
 * is added.
 */
final class MutationSearch {
  /** Recorded on kernels that were patched. */
  private static final ImmutableList<Mutation> POLICIES =
      ImmutableList.of(
          new Mutation(
              "dmabuf-warn-pfnmap",
              "v6.1.192+dmabuf-warn-pfnmap",
              "v6.1.192",
              "linux-6.1/patched-dmabuf-warn-pfnmap/answers.jsonl.gz"),
          new Mutation(
              "heap-vm-insert-page",
              "v6.1.192+heap-vm-insert-page",
              "v6.1.192",
              "linux-6.1/patched-heap-vm-insert-page/answers.jsonl.gz"));

  private static final Pattern SET = Pattern.compile("linux-([0-9.]+)/.*");

  private record Recording(Path path, String name, String kernel, long bytes) {}

  private final ImmutableList<Recording> recordings;

  MutationSearch() throws IOException {
    Path root = Objects.requireNonNull(Recordings.path("process").getParent());
    List<Recording> all = new ArrayList<>();
    for (Path path : RecordingFiles.find(List.of(root))) {
      String name = root.relativize(path).toString();
      if (!name.contains("/patched-")) {
        all.add(new Recording(path, name, kernel(name), Files.size(path)));
      }
    }
    recordings =
        all.stream()
            .sorted(Comparator.comparingLong(Recording::bytes).thenComparing(Recording::name))
            .collect(ImmutableList.toImmutableList());
  }

  private static String kernel(String name) {
    Matcher set = SET.matcher(name);
    if (!set.matches()) {
      return "v6.18.44";
    }
    return set.group(1).equals("6.1") ? "v6.1.192" : "v" + set.group(1);
  }

  /** The file's lines. */
  List<Mutation> run() {
    List<Mutation> found = new ArrayList<>();
    try (Stream<Feature> features = FeatureCatalog.all().parallelStream()) {
      found.addAll(features.map(this::first).filter(Objects::nonNull).toList());
    }
    found.addAll(POLICIES);
    return found;
  }

  /** The first recording that misses this rule, or null. */
  @Nullable Mutation first(Feature feature) {
    Mutation off = first(feature, true);
    return off == null ? first(feature, false) : off;
  }

  private @Nullable Mutation first(Feature feature, boolean off) {
    for (Recording recording : recordings) {
      if (KernelProfile.of(recording.kernel).has(feature) == off) {
        String mutant = recording.kernel + (off ? "-" : "+") + feature.name();
        if (differs(recording.path, mutant) && agrees(recording.path, recording.kernel)) {
          return new Mutation(feature.name(), recording.kernel, mutant, recording.name);
        }
      }
    }
    return null;
  }

  private static boolean differs(Path recording, String kernel) {
    return replay(recording, kernel).mismatched() > 0;
  }

  private static boolean agrees(Path recording, String kernel) {
    Tally tally = replay(recording, kernel);
    return tally.mismatched() == 0 && tally.matched() > 0;
  }

  private static Tally replay(Path recording, String kernel) {
    Contest contest = new Contest(KernelSpec.parse(kernel), ImmutableList.of(), true);
    try {
      return new Referee(contest).replay(recording, "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
