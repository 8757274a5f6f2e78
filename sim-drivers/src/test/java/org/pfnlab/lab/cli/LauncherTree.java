package org.pfnlab.lab.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A repository in which only the launcher is real: sources are empty files, {@code java} prints its
 * arguments, {@code mvn} makes an empty jar and notes that it ran.
 */
final class LauncherTree {
  private static final FileTime WRITTEN = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
  private static final FileTime BUILT = FileTime.from(Instant.parse("2020-01-01T00:00:01Z"));

  final Path root;
  private final Path folder;
  final Path target;
  final Path stamp;
  final Path jdk;
  private final Path maven;
  private final Path mavenLog;
  private final Map<String, String> environment = new HashMap<>();

  /** What a run printed, and how it ended. */
  record Result(int status, String out, String err) {}

  /** Nothing is built yet. Java, Maven and their log live beside the root. */
  LauncherTree(Path root) throws IOException {
    this.root = Files.createDirectories(root).toRealPath();
    folder = requireNonNull(this.root.getParent());
    target = this.root.resolve("sim-drivers/target");
    stamp = target.resolve("pfnlab.stamp");
    jdk = folder.resolve("jdk");
    maven = folder.resolve("maven");
    mavenLog = folder.resolve("maven.log");
    Path launcher = Path.of(System.getProperty("basedir", "")).resolve("../pfnlab");
    script(root.resolve("pfnlab"), Files.readString(launcher));
    for (String source :
        List.of("pom.xml", "sim-core/pom.xml", "sim-drivers/pom.xml", "sim-core/src/main/A.java")) {
      source(source);
    }
    Files.createDirectories(root.resolve(".mvn"));
    Files.createDirectories(root.resolve("sim-drivers/src/main"));
    java("17.0.15");
    script(
        jdk.resolve("bin/java"),
        """
        #!/bin/sh
        case "$*" in
          *Rehearsal*|*-Xshare:dump*) exit 0 ;;
        esac
        for argument; do printf '%s\\n' "$argument"; done
        exit "${FAKE_STATUS:-0}"
        """);
    script(jdk.resolve("bin/javac"), "#!/bin/sh\n");
    script(
        maven.resolve("mvn"),
        """
        #!/bin/sh
        printf '%s\\n' "$PWD $*" >>"$FAKE_MAVEN_LOG"
        if [ -n "${FAKE_MAVEN_ERROR-}" ]; then echo "$FAKE_MAVEN_ERROR"; exit 1; fi
        : >sim-drivers/target/pfnlab.jar
        """);
    environment.put("FAKE_MAVEN_LOG", mavenLog.toString());
    path(jdk.resolve("bin") + ":" + maven + ":" + System.getenv("PATH"));
  }

  /** The JDK says that it has this version. */
  LauncherTree java(String version) throws IOException {
    Files.createDirectories(jdk.resolve("bin"));
    Files.writeString(
        jdk.resolve("release"),
        "IMPLEMENTOR=\"N/A\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Linux\"\n");
    return this;
  }

  /** As the launcher leaves it after a build: sources older than the stamp. */
  LauncherTree built() throws IOException {
    Files.createDirectories(target);
    Files.writeString(target.resolve("pfnlab.jar"), "");
    Files.writeString(stamp, root + "\n");
    try (var all = Files.walk(root)) {
      for (Path path : all.filter(path -> !path.startsWith(target)).toList()) {
        Files.setLastModifiedTime(path, WRITTEN);
      }
    }
    Files.setLastModifiedTime(stamp, BUILT);
    return this;
  }

  /** Writes a source file, newer than any build. */
  LauncherTree source(String name) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    return this;
  }

  LauncherTree with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  LauncherTree path(String path) {
    return with("PATH", path);
  }

  /** A PATH on which the launcher finds the JDK and the tools it uses, but no Maven. */
  LauncherTree withoutMaven() throws IOException {
    Path tools = jdk.resolveSibling("tools");
    for (String tool :
        List.of("cat", "find", "head", "ln", "mkdir", "mv", "ps", "readlink", "rm", "rmdir")) {
      Path real =
          Arrays.stream(System.getenv("PATH").split(":", -1))
              .map(folder -> Path.of(folder, tool))
              .filter(Files::isExecutable)
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("no " + tool + " in PATH"));
      script(tools.resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
    }
    return path(jdk.resolve("bin") + ":" + tools);
  }

  /** The command lines that Maven was started with, each after the folder it was started in. */
  List<String> builds() throws IOException {
    return Files.exists(mavenLog) ? Files.readAllLines(mavenLog) : List.of();
  }

  Result run(String... args) throws IOException, InterruptedException {
    return runAs(root.resolve("pfnlab"), folder, args);
  }

  /** Starts the launcher by the given name, in the given folder. */
  Result runAs(Path name, Path folder, String... args) throws IOException, InterruptedException {
    return finish(start(name, folder, args));
  }

  Process start(Path name, Path folder, String... args) throws IOException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", name.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** What is printed fits a pipe's buffer, so that reading one stream after the other is safe. */
  static Result finish(Process process) throws IOException, InterruptedException {
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
    if (!process.waitFor(1, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("the launcher hangs: " + out + err);
    }
    return new Result(process.exitValue(), out, err);
  }

  private static void script(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
