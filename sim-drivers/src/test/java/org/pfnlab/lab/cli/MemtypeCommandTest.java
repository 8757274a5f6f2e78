package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists of reservations that no kernel printed, and questions that nobody can answer. */
final class MemtypeCommandTest {
  private static final String GOOD =
      """
      PAT memtype list:
      PAT: [mem 0x00000000f8000000-0x00000000f8010000] write-combining
      PAT: [mem 0x00000000fd000000-0x00000000fd001000] uncached-minus
      """;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String text, String... more) throws IOException {
    Path file = folder.resolve("list");
    Files.writeString(file, text);
    List<String> args = new ArrayList<>(List.of("memtype", file.toString()));
    args.addAll(List.of(more));
    return Main.run(new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
  }

  private void assertComplaint(int status, String place, String words) {
    assertThat(err.toString()).startsWith("pfnlab: " + folder.resolve("list") + ":" + place);
    assertThat(err.toString()).contains(words).endsWith("\n").doesNotContain("Exception", "org.");
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(out.toString()).isEmpty();
    assertThat(status).isEqualTo(2);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "another file|PAT memtype list:|root:x:0:0|1:1:|PAT memtype list:",
        "another line|PAT: [mem 0x00000000fd|MTRR: [mem 0x00000000fd|3:1:|a line like",
        "a digit short|0x00000000f8010000|0x0000000f8010000|2:47:|16 lower-case hex digits",
        "upper case|0x00000000f8010000|0x00000000F8010000|2:40:|16 lower-case hex digits",
        "no page|0x00000000f8010000|0x00000000f8010001|2:32:|a multiple of the page size",
        "too high|0x00000000f8010000|0xff000000f8010000|2:32:|at most 52 bits",
        "reversed|0x00000000f8010000|0x00000000f7000000|2:32:|above the start",
        "no such type|uncached-minus|uncached-plus|3:50:|a cache mode",
        "cut short|uncached-minus||3:50:|a cache mode",
        "cut shorter|] uncached-minus||3:48:|cut short",
        "unsorted|0x00000000fd000000|0x00000000f7000000|3:13:|not below the line before",
      })
  void complainsInOneLine(String what, String good, String bad, String place, String words)
      throws IOException {
    assertThat(GOOD).contains(good);
    String replacement = bad == null ? "" : bad;
    assertComplaint(run(GOOD.replaceFirst(Pattern.quote(good), replacement)), place, words);
  }

  @Test
  void everyTruncationIsAcceptedOrOneLine() throws IOException {
    for (int length = 0; length < GOOD.length(); length++) {
      err.getBuffer().setLength(0);
      out.getBuffer().setLength(0);
      int status = run(GOOD.substring(0, length));
      if (status != 0) {
        assertComplaint(status, "", "expected");
      } else {
        assertThat(err.toString()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "zz+1000,                wc,  is none",
    "f8000000,               wc,  is none",
    "f8000000-f8000000,      wc,  is empty",
    "f8001000-f8000000,      wc,  is empty",
    "f8000000+123,           wc,  whole pages",
    "f8000000+fffffffff000,  wc,  larger than 1 TiB",
    "fffffffff0000+1000000,  wc,  above the 52 bits",
    "f8000000+1000,          wcx, unknown",
  })
  void wrongWishes(String range, String type, String words) throws IOException {
    assertThat(run(GOOD, "--reserve", range, type)).isEqualTo(2);
    assertThat(err.toString()).contains(words).doesNotContain("Exception");
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void oneWordIsNoWish() throws IOException {
    assertThat(run(GOOD, "--reserve", "f8000000+1000")).isEqualTo(2);
    assertThat(err.toString().lines()).hasSize(1);
  }

  @Test
  void aDamagedMtrrFileIsNamed() throws IOException {
    Path mtrr = folder.resolve("mtrr");
    Files.writeString(mtrr, "reg00: base=nowhere\n");
    assertThat(run(GOOD, "--mtrr", mtrr.toString())).isEqualTo(2);
    assertThat(err.toString()).startsWith("pfnlab: " + mtrr + ":").doesNotContain("Exception");
  }

  @Test
  void carriageReturnsAreAccepted() throws IOException {
    assertThat(run(GOOD.replace("\n", "\r\n"))).isZero();
    assertThat(out.toString()).contains("2 reservations").doesNotContain("\r");
  }

  @Test
  void fiftyThousandReservations() throws IOException {
    StringBuilder text = new StringBuilder("PAT memtype list:\n");
    for (int i = 0; i < 50_000; i++) {
      text.append(
          "PAT: [mem 0x%016x-0x%016x] uncached-minus\n"
              .formatted(0x1000_0000L + i * 0x1000L, 0x1000_0000L + (i + 1) * 0x1000L));
    }
    assertThat(run(text.toString(), "--reserve", "10000000+c350000", "uc-")).isZero();
    assertThat(out.toString().contains("50,000 reservations")).isTrue();
    assertThat(out.toString().contains("49,992 more overlap and agree")).isTrue();
  }
}
