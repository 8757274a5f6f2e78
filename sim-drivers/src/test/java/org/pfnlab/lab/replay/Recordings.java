package org.pfnlab.lab.replay;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.pfnlab.lab.recording.JsonLines;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Mismatch;
import org.pfnlab.lab.verdict.Tally;

/** The recordings that tests replay, and the usual ways to do so. */
public final class Recordings {
  private Recordings() {}

  /** A folder or file below the recordings. */
  public static Path path(String name) {
    URL url = Recordings.class.getResource("/recordings/" + name);
    if (url == null) {
      throw new IllegalArgumentException("no recordings are called " + name);
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All files in a folder, in the order of their names. */
  public static List<Path> in(String folder) {
    try (Stream<Path> files = Files.list(path(folder))) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many lines a file has. */
  public static int lines(Path file) throws IOException {
    int lines = 0;
    try (JsonLines all = JsonLines.open(file, file.getFileName().toString())) {
      while (all.next() != null) {
        lines++;
      }
    }
    return lines;
  }

  /** Replays a file on the kernel that it was recorded on. */
  public static Tally replay(Path file) throws IOException {
    return replay(file, null);
  }

  /** Replays a file on this kernel; null for its own. */
  public static Tally replay(Path file, @org.jspecify.annotations.Nullable KernelSpec kernel)
      throws IOException {
    Contest contest = new Contest(kernel, ImmutableList.of(), false);
    return new Referee(contest).replay(file, file.getFileName().toString());
  }

  /** The mismatches as the text report shows them, for messages of failed assertions. */
  public static String show(Tally tally) {
    StringWriter text = new StringWriter();
    TextReport report = new TextReport(new PrintWriter(text));
    for (Mismatch mismatch : tally.mismatches()) {
      report.mismatch(mismatch);
    }
    report.end(tally);
    return text.toString();
  }
}
