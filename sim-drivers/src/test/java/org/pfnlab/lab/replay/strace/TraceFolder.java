package org.pfnlab.lab.replay.strace;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.replay.Recordings;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.verdict.Tally;

/**
 * A folder with a trace and what lies beside it: a recorded one, changed or not, or a written one.
 */
final class TraceFolder {
  /** A program that was just executed: text, data and bss, ld.so, vdso, stack. */
  static final String PROGRAM =
      """
      555555554000-555555556000 r--p 00000000 fe:00 11                 /usr/bin/prog
      555555556000-555555558000 rw-p 00002000 fe:00 11                 /usr/bin/prog
      555555558000-55555555a000 rw-p 00000000 00:00 0
      7ffff7fc2000-7ffff7fc6000 r--p 00000000 00:00 0                  [vvar]
      7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0                  [vdso]
      7ffff7fca000-7ffff7ffb000 r-xp 00000000 fe:00 12                 /usr/lib/ld.so
      7ffff7ffb000-7ffff7fff000 rw-p 00031000 fe:00 12                 /usr/lib/ld.so
      7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                  [stack]
      ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          [vsyscall]
      """;

  final Path path;

  private TraceFolder(Path path) {
    this.path = path;
  }

  /** A trace of process 1, written by hand; it begins with the execve of {@link #PROGRAM}. */
  static TraceFolder written(Path folder, String lines) {
    TraceFolder written = new TraceFolder(folder);
    written.write("exec-prog.maps", PROGRAM);
    written.write(
        "trace.strace", "1 execve(\"/bin/prog\", [\"prog\"], 0x0 /* 0 vars */) = 0\n" + lines);
    return written;
  }

  /** A copy of a recording, decompressed. */
  static TraceFolder copyOf(String recording, Path folder) throws IOException {
    TraceFolder copy = new TraceFolder(folder);
    try (Stream<Path> files = Files.list(Recordings.path("strace/" + recording))) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        copy.write(name.replace(".gz", ""), read(file));
      }
    }
    return copy;
  }

  static String read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (!file.toString().endsWith(".gz")) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
    try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return new String(plain.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  TraceFolder write(String name, String text) {
    try {
      Files.writeString(path.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  TraceFolder change(String name, UnaryOperator<String> change) throws IOException {
    String before = Files.readString(path.resolve(name));
    String after = change.apply(before);
    if (after.equals(before)) {
      throw new IllegalArgumentException("nothing was changed in " + name);
    }
    return write(name, after);
  }

  /** The names of the exit files. */
  List<String> exits() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("exit-"))
          .sorted()
          .toList();
    }
  }

  Tally replay() throws IOException {
    return replay(null);
  }

  Tally replay(@Nullable String kernel) throws IOException {
    return Recordings.replay(
        path.resolve("trace.strace"), kernel == null ? null : KernelSpec.parse(kernel));
  }
}
