package org.pfnlab.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Resource trees that no kernel printed, and very large ones that one could have. */
final class IomemCommandTest {
  private static final String GOOD =
      """
      00000000-00000fff : Reserved
      00001000-0009ffff : System RAM
      00100000-3fffffff : System RAM
        01000000-017fffff : Kernel code
      40000000-febfffff : PCI Bus 0000:00
        f8000000-fbffffff : 0000:00:03.0
      """;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String text, String... more) throws IOException {
    Path file = folder.resolve("iomem");
    Files.writeString(file, text);
    String[] args = new String[2 + more.length];
    args[0] = "iomem";
    args[1] = file.toString();
    System.arraycopy(more, 0, args, 2, more.length);
    return Main.run(new PrintWriter(out), new PrintWriter(err), args);
  }

  private void assertComplaint(int status, String place, String... words) {
    assertThat(err.toString()).startsWith("pfnlab: " + folder.resolve("iomem") + ":" + place);
    assertThat(err.toString()).contains(words).endsWith("\n").doesNotContain("Exception", "org.");
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(out.toString()).isEmpty();
    assertThat(status).isEqualTo(2);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      quoteCharacter = '`',
      value = {
        "misindented|  01000000|   01000000|4:4:|two spaces",
        "too deep|  01000000|      01000000|4:7:|at most 2 spaces",
        "overlapping|40000000-febfffff|3f000000-febfffff|5:1:|overlap",
        "out of its parent|  f8000000-fbffffff|  f8000000-ffffffff|6:3:|inside 40000000-febfffff",
        "end before start|00100000-3fffffff|00100000-000fffff|3:10:|not below the start 100000",
        "not hexadecimal|00100000-3fffffff|00100000-3fffxfff|3:14:|hex digit",
        "upper case|00100000-3fffffff|00100000-3FFFFFFF|3:11:|lower-case hex",
        "a digit short|00100000-3fffffff|0100000-3fffffff|3:1:|7 digits",
        "no name|3fffffff : System RAM|3fffffff|3:18:|cut short",
        "another file|00000000-00000fff : Reserved|root:x:0:0|1:1:|range",
        "unsorted|00100000-3fffffff|00000000-00000fff|3:1:|sort",
      })
  void complainsInOneLine(String what, String good, String bad, String place, String words)
      throws IOException {
    assertThat(GOOD).contains(good);
    int status = run(GOOD.replaceFirst(java.util.regex.Pattern.quote(good), bad));
    assertComplaint(status, place, words, "; ");
  }

  @Test
  void everyTruncationIsAcceptedOrOneLine() throws IOException {
    for (int length = 0; length < GOOD.length(); length++) {
      err.getBuffer().setLength(0);
      out.getBuffer().setLength(0);
      int status = run(GOOD.substring(0, length));
      if (status != 0) {
        assertComplaint(status, "", "; ");
      } else {
        assertThat(err.toString()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "\r\n", "\u0000", "\uFEFF" + GOOD})
  void nothingAndGarbageAreComplainedAbout(String text) throws IOException {
    assertComplaint(run(text), "1:1:", "; ");
  }

  @Test
  void hiddenAddressesAreExplained() throws IOException {
    int status = run(GOOD.replaceAll("[0-9a-f]{8}-[0-9a-f]{8}", "00000000-00000000"));
    assertComplaint(status, "1:1:", "CAP_SYS_ADMIN", "read /proc/iomem as root");
  }

  @Test
  void carriageReturnsAreAccepted() throws IOException {
    assertThat(run(GOOD.replace("\n", "\r\n"))).isZero();
    assertThat(out.toString()).contains("6 resources").doesNotContain("\r");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"zz, not hexadecimal", "'', not hexadecimal", "10000000000000, 52 bits"})
  void wrongAddresses(String address, String words) throws IOException {
    assertThat(run(GOOD, "--address", address)).isEqualTo(2);
    assertThat(err.toString()).contains(words, "'" + address + "'").doesNotContain("Exception");
  }

  @Test
  void twoHundredThousandLinesWide() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 200_000; i++) {
      text.append("%08x-%08x : System RAM\n".formatted(i * 0x2000L, i * 0x2000L + 0xfff));
    }
    assertThat(run(text.toString(), "--address", "61a7e000")).isZero();
    assertThat(out.toString()).contains("200,000 resources, 200,000 on the first level, 1 level");
    assertThat(out.toString()).containsPattern("61a7e000 .* yes +200,000 +200,000 +200,000");
  }

  @Test
  void twoHundredThousandLinesDeep() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 200_000; i++) {
      text.append("  ".repeat(Math.min(i, 5)))
          .append("%08x-ffffffffff : PCI Bus 0000:00\n".formatted(i * 0x1000L));
    }
    assertThat(run(text.toString(), "--address", "30d3f000")).isZero();
    assertThat(out.toString()).contains("200,000 resources, 1 on the first level, 200,000 levels");
    assertThat(out.toString()).containsPattern("30d3f000 .* no +1 +200,000 +200,000");
  }
}
