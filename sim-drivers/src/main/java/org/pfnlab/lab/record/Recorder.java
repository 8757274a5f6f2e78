package org.pfnlab.lab.record;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.pfnlab.lab.BadInput;

/**
 * Performs scripts on the kernel that is running here, through a C program that the machine's
 * compiler makes on first use. Each script runs in processes of its own, with limits and a
 * deadline; files for it live in a directory that {@link #close} removes.
 */
public final class Recorder implements Closeable {
  private static final ImmutableList<String> SOURCES =
      ImmutableList.of(
          "recorder.h",
          "main.c",
          "worker.c",
          "script.c",
          "objects.c",
          "snapshots.c",
          "operations.c",
          "facts.c");

  /** How long one script may take. */
  private static final int SECONDS = 300;

  private final Path program;
  private final Path directory;
  private boolean blind;

  private Recorder(Path program, Path directory) {
    this.program = program;
    this.directory = directory;
  }

  /**
   * A recorder that is ready, compiled if need be into the user's cache directory.
   *
   * @throws BadInput where there is no Linux on x86-64, or no C compiler
   */
  public static Recorder open() throws IOException, InterruptedException {
    String system = System.getProperty("os.name", "") + " on " + System.getProperty("os.arch", "");
    if (!system.equals("Linux on amd64")) {
      throw BadInput.because("recordings need Linux on x86-64, and this is " + system);
    }
    Path disk = Path.of("/var/tmp");
    Path parent =
        Files.isWritable(disk) ? disk : Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    Path program = compiled(cache());
    return new Recorder(program, Files.createTempDirectory(parent, "pfnlab-record-"));
  }

  /** $XDG_CACHE_HOME/pfnlab, or ~/.cache/pfnlab. */
  private static Path cache() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path base =
        configured == null || configured.isEmpty()
            ? Path.of(System.getProperty("user.home", "."), ".cache")
            : Path.of(configured);
    return base.resolve("pfnlab");
  }

  /** The program for these sources in this cache. */
  static Path compiled(Path cache) throws IOException, InterruptedException {
    Hasher hasher = Hashing.sha256().newHasher();
    for (String source : SOURCES) {
      hasher.putBytes(source(source));
    }
    Path program = cache.resolve("recorder-" + hasher.hash().toString().substring(0, 16));
    if (Files.isExecutable(program)) {
      return program;
    }
    Files.createDirectories(cache);
    Path build = Files.createTempDirectory(cache, "build-");
    try {
      for (String source : SOURCES) {
        Files.write(build.resolve(source), source(source));
      }
      compile(build);
      // Whoever looks for the program sees all of it or none.
      Files.move(build.resolve("recorder"), program, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(build);
    }
    return program;
  }

  /** The C sources, by their names. */
  static ImmutableList<String> sources() {
    return SOURCES;
  }

  static byte[] source(String name) throws IOException {
    try (InputStream bytes = Recorder.class.getResourceAsStream(name)) {
      if (bytes == null) {
        throw new IllegalStateException("the source " + name + " is missing from the build");
      }
      return bytes.readAllBytes();
    }
  }

  /** Static if that can be had: its memory is then the same on every machine. */
  private static void compile(Path build) throws IOException, InterruptedException {
    if (!runs(build, "-static") && !runs(build, "-g0")) {
      String said = Files.readString(build.resolve("cc.log"), StandardCharsets.UTF_8).strip();
      String first = said.isEmpty() ? "nothing was said" : said.lines().findFirst().orElse("");
      throw BadInput.because("cc cannot compile the recorder: " + first);
    }
  }

  private static boolean runs(Path build, String option) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("cc", "-std=gnu11", "-O2", "-D_GNU_SOURCE"));
    command.addAll(List.of("-Wall", "-Wextra", option, "-o", "recorder"));
    SOURCES.stream().filter(name -> name.endsWith(".c")).forEach(command::add);
    ProcessBuilder compiler = new ProcessBuilder(command).directory(build.toFile());
    compiler.redirectErrorStream(true).redirectOutput(build.resolve("cc.log").toFile());
    Process process;
    try {
      process = compiler.start();
    } catch (IOException e) {
      throw BadInput.because(
              "recordings need a C compiler, and there is no 'cc' here: install gcc or clang")
          .causedBy(e);
    }
    return process.waitFor() == 0;
  }

  /**
   * Performs a script and writes the recording, which appears under its name only when it is whole.
   *
   * @throws BadInput if the script cannot be performed; the line says where
   */
  public void record(Script script, Path recording) throws IOException, InterruptedException {
    Path output = perform(script);
    try {
      publish(output, recording);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** Performs a script; the recording is in the recorder's own directory. */
  private Path perform(Script script) throws IOException, InterruptedException {
    Path input = directory.resolve("script");
    Path output = Files.createTempFile(directory, "recording-", ".jsonl");
    Path errors = directory.resolve("errors");
    Files.writeString(input, script.input(), StandardCharsets.UTF_8);
    Process process =
        new ProcessBuilder(program.toString(), directory.toString(), Integer.toString(SECONDS))
            .redirectInput(input.toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      if (!process.waitFor(SECONDS + 10L, TimeUnit.SECONDS) || process.exitValue() != 0) {
        String said = Files.readString(errors, StandardCharsets.UTF_8).strip();
        throw script.failure(said);
      }
    } finally {
      process.destroyForcibly();
    }
    try (Stream<String> lines = Files.lines(output, StandardCharsets.UTF_8)) {
      blind = lines.findFirst().orElse("").contains("\"frames\":false");
    }
    return output;
  }

  private static void publish(Path output, Path recording) throws IOException {
    Path folder = recording.toAbsolutePath().getParent();
    Path whole = Files.createTempFile(folder, ".recording-", ".tmp");
    try {
      Files.copy(output, whole, StandardCopyOption.REPLACE_EXISTING);
      Files.move(whole, recording, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  /**
   * Records a script twice, and keeps the recording only if both are the same; otherwise a file
   * that was there under its name stays as it was.
   */
  public boolean recordTwice(Script script, Path recording)
      throws IOException, InterruptedException {
    Path first = perform(script);
    Path second = perform(script);
    try {
      boolean same = Files.mismatch(first, second) < 0;
      if (same) {
        publish(second, recording);
      }
      return same;
    } finally {
      Files.deleteIfExists(first);
      Files.deleteIfExists(second);
    }
  }

  /** Whether page frames could not be seen in the last recording, for want of root. */
  public boolean isBlind() {
    return blind;
  }

  /** Where files may be put that nobody keeps. */
  Path directory() {
    return directory;
  }

  /** Removes everything but the compiled program. */
  @Override
  public void close() throws IOException {
    delete(directory);
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (NoSuchFileException | DirectoryNotEmptyException e) {
      // somebody else has cleaned up, or works in it
    }
  }
}
