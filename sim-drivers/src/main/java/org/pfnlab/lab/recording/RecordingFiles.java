package org.pfnlab.lab.recording;

import com.google.common.collect.ImmutableList;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import org.pfnlab.lab.BadInput;

/**
 * Finds recordings. A file named by the user is taken as one. In a directory, which is walked in
 * the order of its names, a file is one if it looks like JSON lines inside, compressed or not;
 * others (README, texts, C sources) are passed over. So is output of strace.
 */
public final class RecordingFiles {
  /** A process id as strace -f prints it, then a call. */
  private static final Pattern FIRST_TRACE_LINE =
      Pattern.compile("(?:\\[pid +\\d+\\]|\\d+) +[a-z_][a-z0-9_]*\\(|execve\\(\"");

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
      throw BadInput.in(
          directory.toString(),
          "expected recordings (JSON lines, strace output) in this directory");
    }
    return files;
  }

  /** By content; a name that promises JSON lines is believed too, so that damage is reported. */
  private static boolean looksLikeRecording(Path path) throws IOException {
    String name = path.getFileName().toString();
    if (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz")) {
      return true;
    }
    if (isTrace(path)) {
      return true;
    }
    try (InputStream bytes = TextLines.decompressed(path, path.toString())) {
      int first = skipBlank(bytes, bytes.read());
      // an object that goes on in its first line; a lone brace begins an ordinary JSON document
      return first == '{' && skipSpaces(bytes, bytes.read()) == '"';
    } catch (BadInput | IOException e) {
      return false;
    }
  }

  /**
   * Whether this is the output of strace: by its name ({@code .strace}, {@code .strace.gz}), or its
   * first line.
   */
  public static boolean isTrace(Path path) throws IOException {
    String name = path.getFileName().toString();
    if (name.endsWith(".strace") || name.endsWith(".strace.gz")) {
      return true;
    }
    try (InputStream bytes = TextLines.decompressed(path, path.toString())) {
      String first = new String(bytes.readNBytes(256), StandardCharsets.ISO_8859_1);
      return FIRST_TRACE_LINE.matcher(first).lookingAt();
    } catch (BadInput | EOFException | ZipException e) {
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
