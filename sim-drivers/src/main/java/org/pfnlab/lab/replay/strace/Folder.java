package org.pfnlab.lab.replay.strace;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.pfnlab.lab.strace.MapsFile;

/**
 * What lies beside a trace: {@code exec-NAME.maps}, an address space right behind execve of the
 * program with this name; {@code exit-PID.maps}, that of a process when it exits. Both may be
 * gzip-compressed.
 *
 * @param exec by program name
 * @param exit by process
 * @param exitFiles the names of the exit files by process
 */
record Folder(
    ImmutableMap<String, ImmutableList<MapsFile.Entry>> exec,
    ImmutableMap<Integer, ImmutableList<MapsFile.Entry>> exit,
    ImmutableMap<Integer, String> exitFiles) {
  private static final Pattern NAME = Pattern.compile("(exec|exit)-(.+)\\.maps(?:\\.gz)?");

  /**
   * Reads all of them.
   *
   * @param name what messages call the trace
   */
  static Folder of(Path trace, String name) throws IOException {
    Path folder = trace.toAbsolutePath().getParent();
    TreeMap<String, ImmutableList<MapsFile.Entry>> exec = new TreeMap<>();
    TreeMap<Integer, ImmutableList<MapsFile.Entry>> exit = new TreeMap<>();
    TreeMap<Integer, String> files = new TreeMap<>();
    if (folder == null) {
      return new Folder(ImmutableMap.of(), ImmutableMap.of(), ImmutableMap.of());
    }
    try (Stream<Path> beside = Files.list(folder)) {
      for (Path path : (Iterable<Path>) beside.sorted()::iterator) {
        Matcher match = NAME.matcher(path.getFileName().toString());
        if (!match.matches()) {
          continue;
        }
        String label = beside(name, path);
        if (match.group(1).equals("exec")) {
          exec.put(match.group(2), MapsFile.read(path, label));
        } else if (match.group(2).matches("\\d{1,9}")) {
          int pid = Integer.parseInt(match.group(2));
          exit.put(pid, MapsFile.read(path, label));
          files.put(pid, label);
        }
      }
    }
    return new Folder(
        ImmutableMap.copyOf(exec), ImmutableMap.copyOf(exit), ImmutableMap.copyOf(files));
  }

  /** A file beside the trace, named as the user named that. */
  private static String beside(String name, Path path) {
    int slash = name.lastIndexOf('/');
    return name.substring(0, slash + 1) + path.getFileName();
  }

  /** Device and inode of every file that some copy shows, by path. */
  Map<String, String> devices() {
    Map<String, String> devices = new HashMap<>();
    for (ImmutableList<MapsFile.Entry> maps : exec.values()) {
      note(maps, devices);
    }
    for (ImmutableList<MapsFile.Entry> maps : exit.values()) {
      note(maps, devices);
    }
    return devices;
  }

  private static void note(ImmutableList<MapsFile.Entry> maps, Map<String, String> devices) {
    for (MapsFile.Entry entry : maps) {
      if (entry.isFile()) {
        devices.putIfAbsent(entry.name(), entry.inode());
      }
    }
  }
}
