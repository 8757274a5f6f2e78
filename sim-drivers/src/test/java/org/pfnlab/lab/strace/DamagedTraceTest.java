package org.pfnlab.lab.strace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.replay.Recordings;

/** Whatever a trace or what lies beside it holds, a person gets a report or one line. */
final class DamagedTraceTest {
  private static final String FIRST = "7 execve(\"/bin/prog\", [\"prog\"], 0x0 /* 0 vars */) = 0\n";
  private static final String MAPS = "555555554000-555555556000 r-xp 00000000 fe:00 11 /bin/prog\n";

  @TempDir Path folder;

  private void replay(String trace) throws IOException {
    Files.writeString(folder.resolve("exec-prog.maps"), MAPS);
    Path file = folder.resolve("t.strace");
    Files.writeString(file, trace);
    Recordings.replay(file);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "7 brk(NULL|:2:11: the line ends in the middle of a call",
        "7 brk(NULL) 0x1000|:2:12: expected ' = ' and a result",
        "7 brk(NULL) = zero|:2:12: expected ' = ' and a result",
        "7 brk(NULL) = 0x12345678901234567|:2:15: the result has more than 64 bits",
        "7 hello|:2:3: expected a call like",
        "99999999999999999999 brk(NULL) = 0|:2:1: expected a process id, found 20 digits",
        "7 munmap(0x1000) = 0|:2: munmap: expected 2 arguments or more, found 1",
        "7 munmap(0x1000, many) = 0|:2: munmap: argument 2: expected a 64-bit number",
        "7 munmap(0x1000, 99999999999999999999999) = 0|:2: munmap: argument 2: expected a 64-bit",
        "7 mprotect(0x1000, 4096, PROT_REED) = 0|did you mean 'PROT_READ'?",
        "7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, x, 0) = 0x1000|argument 5: expected a descriptor",
        "7 execve(prog, [], 0x0) = 0|:2: execve: argument 1: expected a string in quotes",
        "7 <... brk resumed>) 0|no such line; a call that nobody began is passed over",
      })
  void namesThePlaceAndWhatToDo(String line, String message) throws IOException {
    if (message.startsWith("no such line")) {
      replay(FIRST + line + "\n");
      return;
    }
    assertThatThrownBy(() -> replay(FIRST + line + "\n"))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("t.strace")
        .hasMessageContaining(message);
  }

  @Test
  void namesCallsThatOverlapInOneProcess() {
    String trace = FIRST + "7 brk(NULL <unfinished ...>\n7 munmap(0x1000, 4096) = 0\n";

    assertThatThrownBy(() -> replay(trace))
        .hasMessageContaining("t.strace:3:1: process 7 is in the middle of brk since line 2");
  }

  @Test
  void namesControlCharactersWithoutPrintingThem() {
    assertThatThrownBy(() -> replay(FIRST + "7 brk(\u001b[31m) = 0\n"))
        .hasMessageContaining("t.strace:2:7: found the control character 0x1b");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void refusesEndlessLinesWithoutReadingThem(boolean compressed) throws IOException {
    Path file = folder.resolve(compressed ? "t.strace.gz" : "t.strace");
    try (OutputStream raw = Files.newOutputStream(file);
        OutputStream out = compressed ? new GZIPOutputStream(raw) : raw) {
      byte[] chunk = "7 brk(0x0000000000000000000000000000".getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < (100 << 20) / chunk.length; i++) {
        out.write(chunk);
      }
    }
    assertThatThrownBy(() -> Recordings.replay(file))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining(":1: the line is longer than 1 MiB, expected strace output");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense|:1:1: expected a copy of /proc/pid/maps",
        "555555556000-555555554000 r-xp 00000000 fe:00 11 /bin/prog|expected page-aligned addresses",
        "555555554001-555555556000 r-xp 00000000 fe:00 11 /bin/prog|expected page-aligned addresses",
        "5000-6000 rwxq 00000000 fe:00 11 /bin/prog|expected a copy of /proc/pid/maps",
      })
  void namesDamageBesideTheTrace(String line, String message) throws IOException {
    Files.writeString(folder.resolve("exit-7.maps"), line + "\n");

    assertThatThrownBy(() -> replay(FIRST))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("exit-7.maps")
        .hasMessageContaining(message);
  }

  @Test
  void namesOverlapsBesideTheTrace() throws IOException {
    Files.writeString(folder.resolve("exit-7.maps"), MAPS + MAPS);

    assertThatThrownBy(() -> replay(FIRST)).hasMessageContaining("exit-7.maps:2:1:");
  }

  @Test
  void cutAnywhereTheTraceIsRefusedOrReplayed() throws IOException {
    byte[] whole = recorded();
    Random random = new Random(6);
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      int length = random.nextInt(whole.length);
      boolean atLineEnd = length > 0 && whole[length - 1] == '\n';
      boolean taken = isTaken(java.util.Arrays.copyOf(whole, length), "cut at " + length);
      assertThat(taken).as("cut at " + length).isEqualTo(atLineEnd);
      refused += taken ? 0 : 1;
    }
    assertThat(refused).isGreaterThan(100);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damagedAnywhereTheTraceIsRefusedOrReplayed(long seed) throws IOException {
    byte[] whole = recorded();
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 100; i++) {
      byte[] damaged = whole.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        int at = random.nextInt(damaged.length);
        switch (random.nextInt(3)) {
          case 0 -> damaged[at] = (byte) random.nextInt(256);
          case 1 ->
              damaged[at] = (byte) "0123456789abcdef,()<>[]{}|= \n\"".charAt(random.nextInt(30));
          default -> {
            int length = Math.min(random.nextInt(64), damaged.length - at);
            System.arraycopy(whole, random.nextInt(whole.length - length), damaged, at, length);
          }
        }
      }
      refused += isTaken(damaged, "seed " + seed + ", round " + i) ? 0 : 1;
    }
    assertThat(refused).isBetween(10, 100);
  }

  private static byte[] recorded() throws IOException {
    byte[] packed = Files.readAllBytes(Recordings.path("strace/bash-pipes/trace.strace.gz"));
    try (GZIPInputStream plain = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return plain.readAllBytes();
    }
  }

  /** Whether it is replayed; a refusal is one line that names the file. */
  private boolean isTaken(byte[] trace, String what) throws IOException {
    for (String program : new String[] {"bash", "cat", "true"}) {
      Path maps = folder.resolve("exec-" + program + ".maps.gz");
      if (!Files.exists(maps)) {
        Files.copy(Recordings.path("strace/bash-pipes/exec-" + program + ".maps.gz"), maps);
      }
    }
    Path file = folder.resolve("t.strace");
    Files.write(file, trace);
    try {
      Recordings.replay(file);
      return true;
    } catch (BadInput e) {
      assertThat(e).as(what).message().startsWith("t.strace:").doesNotContain("\n");
      return false;
    }
  }
}
