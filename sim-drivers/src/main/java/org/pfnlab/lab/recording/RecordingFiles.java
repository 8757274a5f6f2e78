package org.pfnlab.lab.recording;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.pfnlab.lab.BadInput;

/**
 * Finds recordings. A file named by the user is taken as one. In a directory, which is walked in
 * the order of its names, a file is one if it looks like JSON lines inside, compressed or not;
 * others (README, texts, C sources) are passed over.
 */
public final class RecordingFiles {
  private RecordingFiles() {}

  /**
   * All recordings under these paths, in their order.
   *
   * @throws BadInput if a path does not exist, or a directory holds no recording
   */
  public static ImmutableList<Path> find(List<Path> paths) throws IOException {
    ImmutableList.Builder<Path> found = ImmutableList.builder();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        found.addAll(inside(path));
      } else if (Files.exists(path)) {
        found.add(path);
      } else {
        throw BadInput.in(path.toString(), "no such file or directory");
      }
    }
    return found.build();
  }

  private static ImmutableList<Path> inside(Path directory) throws IOException {
    ImmutableList.Builder<Path> found = ImmutableList.builder();
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) tree.filter(Files::isRegularFile).sorted()::iterator) {
        if (looksLikeRecording(path)) {
          found.add(path);
        }
      }
    }
    ImmutableList<Path> files = found.build();
    if (files.isEmpty()) {
      throw BadInput.in(directory.toString(), "expected recordings (JSON lines) in this directory");
    }
    return files;
  }

  /** By content; a name that promises JSON lines is believed too, so that damage is reported. */
  private static boolean looksLikeRecording(Path path) throws IOException {
    String name = path.getFileName().toString();
    if (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) {
      return true;
    }
    try (InputStream bytes = JsonLines.decompressed(path, path.toString())) {
      int first = skipBlank(bytes, bytes.read());
      // an object that goes on in its first line; a lone brace begins an ordinary JSON document
      return first == '{' && skipSpaces(bytes, bytes.read()) == '"';
    } catch (BadInput | IOException e) {
      return false;
    }
  }

  private static int skipBlank(InputStream bytes, int b) throws IOException {
    while (b == ' ' || b == '\t' || b == '\r' || b == '\n') {
      b = bytes.read();
    }
    return b;
  }

  private static int skipSpaces(InputStream bytes, int b) throws IOException {
    while (b == ' ' || b == '\t') {
      b = bytes.read();
    }
    return b;
  }
}
