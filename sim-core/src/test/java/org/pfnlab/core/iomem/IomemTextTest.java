package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of /proc/iomem is read, what is refused and in which words. */
final class IomemTextTest {
  private static final int MANY = 200_000;

  private static ResourceTree parse(String text) {
    ResourceTree tree = IomemText.parse(Trees.kernel("v6.1"), text);
    tree.checkInvariants();
    return tree;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "linux-5.11.txt",
        "linux-6.1.txt",
        "linux-6.18.2.txt",
        "laptop.txt",
        "small-vm.txt"
      })
  void printsBackWhatItRead(String file) {
    String text = Trees.text(file);
    assertThat(IomemText.print(parse(text))).isEqualTo(text);
    assertThat(IomemText.print(parse(text.replace("\n", "\r\n")))).isEqualTo(text);
    assertThat(IomemText.print(parse(text.stripTrailing()))).isEqualTo(text);
    assertThat(IomemText.print(parse(text + "\n \n"))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'0000-001f : dma1\n  0000-000f : x\n'", // a tree of four digits
        "'00000000-0fffffff : <BAD>\n'",
        "'00000000-0fffffff : a : b\n'",
        "'00000000-0fffffff :  two spaces\n'",
        "'00000000-0fffffff : \n'", // an empty name, its line complete
        "'10000000-1fffffff : a\n  10000000-1fffffff : b\n    10000000-1fffffff : c\n'",
        "'00000000-00000000 : one byte\n00000001-00000002 : x\n'",
        "'100000000-7fffffffffffffff : the last byte\n'",
      })
  void acceptsWhatAKernelCouldPrint(String text) {
    assertThat(IomemText.print(parse(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                                    | 1 |  1 | resources",
        "'\n\n'                                                | 1 |  1 | resources",
        "'00001000-00001fff : a\n00002000-0000'                | 2 | 10 | 8 digits",
        "'00001000-00001fff : a\n00002000'                     | 2 |  9 | cut short",
        "'00001000-00001fff : a\n00002000-00002fff :'          | 2 | 20 | cut short",
        "'00001000-00001fff : a\n00002000-00002fff : '         | 2 | 21 | cut short",
        "'00001000-00001fff : a\n\n00002000-00002fff : b'      | 2 |  1 | end of the line",
        "'  00001000-00001fff : a'                             | 1 |  3 | no indentation",
        "'00001000-00001fff : a\n 00001000-00001fff : b'       | 2 |  2 | got 1 spaces",
        "'00001000-00001fff : a\n\t00001000-00001fff : b'      | 2 |  1 | U+0009",
        "'00001000-00001fff : a\n    00001000-00001fff : b'    | 2 |  5 | at most 2 spaces",
        "'00001000-00001fff : a\n00001800-00002fff : b'        | 2 |  1 | overlap",
        "'00001000-00001fff : a\n00001000-00001fff : b'        | 2 |  1 | overlap",
        "'00002000-00002fff : a\n00001000-00001fff : b'        | 2 |  1 | sort them",
        "'00001000-00001fff : a\n  00001800-00002fff : b'      | 2 |  3 | inside 1000-1fff",
        "'00001000-00001fff : a\n  00002000-00002fff : b'      | 2 |  3 | indentation wrong",
        "'00001fff-00001000 : a'                               | 1 | 10 | swapped",
        "'0000g000-00001fff : a'                               | 1 |  5 | hex digit, got 'g'",
        "'xyz'                                                 | 1 |  1 | got 'x'",
        "'0000A000-0000bfff : a'                               | 1 |  5 | hex digit, got 'A'",
        "'0x001000-0x001fff : a'                               | 1 |  2 | without 0x",
        "'000001000-00001fff : a'                              | 1 |  1 | do not begin with 0",
        "'1000-1fff : a\n20000-2ffff : b'                      | 2 |  1 | 4 digits",
        "'8000000000000000-8000000000000fff : a'               | 1 |  1 | below 2^63",
        "'11111111111111111-11111111111111112 : a'             | 1 |  1 | below 2^63",
        "'00001000 00001fff : a'                               | 1 |  9 | got '' ''",
        "'00001000-00001fff a'                                 | 1 | 19 | got 'a'",
        "'00001000-00001fff : a\n00002000-0000zfff : b'        | 2 | 14 | hex digit",
      })
  void refusesTheRest(String text, int line, int column, String words) {
    IomemFormatException e = catchThrowableOfType(IomemFormatException.class, () -> parse(text));
    assertThat(e).isNotNull();
    assertThat(e).hasMessageStartingWith("line " + line + ", column " + column + ": expected ");
    assertThat(e).hasMessageContaining(words.equals("got '' ''") ? "got character U+0020" : words);
    assertThat(e.line()).isEqualTo(line);
    assertThat(e.column()).isEqualTo(column);
    assertThat(e.addressesHidden()).isFalse();
    assertThat(e.getMessage()).doesNotContain("\n");
  }

  @Test
  void theFirstThingWrongIsReported() {
    assertThatThrownBy(
            () -> parse("00001000-00001fff : a\n00001000-00001fff : b\nnonsense on line 3\n"))
        .hasMessageStartingWith("line 2, column 1:");
  }

  @Test
  void hiddenAddressesAreTheirOwnError() {
    String hidden =
        Trees.text("laptop.txt").replaceAll("[0-9a-f]+-[0-9a-f]+ :", "00000000-00000000 :");
    IomemFormatException e = catchThrowableOfType(IomemFormatException.class, () -> parse(hidden));
    assertThat(e.addressesHidden()).isTrue();
    assertThat(e).hasMessageContaining("root");
  }

  /**
   * The kernel stops indenting at five levels, later at eight; what lies deeper is found by range.
   */
  @ParameterizedTest
  @CsvSource({"v6.1, 5", "v7.0, 8"})
  void deeperLevelsAreFoundByRange(String version, int levels) {
    ResourceTree tree = new ResourceTree(Trees.kernel(version));
    int parent = ResourceTree.ROOT;
    for (int depth = 0; depth < 12; depth++) {
      long start = 0x1000L * depth;
      parent =
          (int) tree.requestResource(parent, start, 0xfffff - start, "d" + depth, Iores.MEM, 0);
      assertThat(parent).isPositive();
    }
    tree.requestResource(parent, 0x10000, 0x10fff, "x", Iores.MEM, 0);
    tree.requestResource(parent, 0x12000, 0x12fff, "y", Iores.MEM, 0);
    String text = IomemText.print(tree);
    assertThat(text).contains("\n" + "  ".repeat(levels) + "00010000-00010fff : x\n");

    ResourceTree back = IomemText.parse(tree.kernel(), text);
    back.checkInvariants();
    assertThat(back.size()).isEqualTo(tree.size());
    for (int i = 0; i < tree.size(); i++) {
      assertThat(back.depth(i)).as("depth of %s", tree.name(i)).isEqualTo(tree.depth(i));
    }
    assertThat(IomemText.print(back)).isEqualTo(text);
  }

  @Test
  void overlapsAtTheDeepestLevelAreRefused() {
    StringBuilder text = new StringBuilder();
    for (int depth = 0; depth <= 5; depth++) {
      text.append("  ".repeat(depth)).append("00000000-000fffff : d\n");
    }
    String outside = text + "  ".repeat(5) + "00080000-0010ffff : x\n";
    assertThatThrownBy(() -> parse(outside)).hasMessageStartingWith("line 7, column 11:");
    String across =
        text
            + "  ".repeat(5)
            + "00010000-0001ffff : x\n"
            + "  ".repeat(5)
            + "00018000-00020fff : y\n";
    assertThatThrownBy(() -> parse(across)).hasMessageStartingWith("line 8, column 11:");
  }

  @Test
  void wideAndDeepTextsCostOneWalk() {
    StringBuilder wide = new StringBuilder();
    StringBuilder deep = new StringBuilder();
    for (int i = 0; i < MANY; i++) {
      wide.append("%08x-%08x : w%n".formatted(i * 16L, i * 16L + 15));
      deep.append("  ".repeat(Math.min(i, 5)))
          .append("%08x-%08x : d%n".formatted((long) i, 0xffff_ffffL - i));
    }
    ResourceTree tree = parse(wide.toString());
    assertThat(tree.size()).isEqualTo(MANY);
    assertThat(IomemText.print(tree)).hasSameSizeAs(wide);

    tree = parse(deep.toString());
    assertThat(tree.depth(MANY - 1)).isEqualTo(MANY - 1);
    assertThat(tree.next(0)).isEqualTo(MANY);
    assertThat(IomemText.print(tree)).isEqualTo(deep.toString());
    tree.checkInvariants();
  }

  @Test
  void tooDeepAnIndentationIsRefusedEarly() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      text.append("  ".repeat(i)).append("00000000-0000ffff : x\n");
    }
    assertThatThrownBy(() -> parse(text.toString()))
        .hasMessageStartingWith("line 10, column 19: expected at most 16 spaces");
  }

  @ParameterizedTest
  @CsvSource({
    "System RAM,               01000200, true,  0", // SYSRAM, busy
    "Kernel code,              01000200, true,  0",
    "System RAM (kmem),        03000200, true,  0",
    "Crash kernel,             01000200, true,  1",
    "ACPI Tables,              00000200, true,  2",
    "ACPI Non-volatile Storage,00000200, true,  3",
    "Persistent Memory,        00000200, false, 4",
    "Persistent Memory (legacy),00000200,false, 5",
    "Reserved,                 00000200, false, 7",
    "Soft Reserved,            00000200, false, 8",
    "CXL Window 0,             00000200, false, 9",
    "PCI Bus 0000:00,          00000200, false, 0",
    "0000:00:02.0,             00000200, false, 0",
    "10000:e1:00.0,            00000200, false, 0",
    "0000:00:02.x,             00000200, true,  0",
    "PCI MMCONFIG 0000 [bus 00-ff], 00000200, true, 0",
    "Video ROM,                00004200, true,  0",
    "RAM buffer,               00000200, true,  0",
    "i915,                     00000200, true,  0", // a leaf: somebody's claim
    "<BAD>,                    00000200, true,  0",
  })
  void flagsFollowFromNames(String name, String flags, boolean busy, int desc) {
    ResourceTree tree = parse("10000000-1fffffff : " + name + "\n");
    assertThat(tree.flags(0) & ~Iores.BUSY).isEqualTo(Integer.parseInt(flags, 16));
    assertThat((tree.flags(0) & Iores.BUSY) != 0).isEqualTo(busy);
    assertThat(tree.desc(0)).isEqualTo(desc);
  }

  @Test
  void flagsFollowFromPlaces() {
    ResourceTree tree =
        parse(
            """
            00000000-00000fff : Reserved
            10000000-1fffffff : some bridge
              10000000-1000ffff : some driver
            """);
    assertThat(tree.flags(0) & Iores.BUSY).as("below 1 MiB").isNotZero();
    assertThat(tree.flags(1) & Iores.BUSY).as("something is inside").isZero();
    assertThat(tree.flags(2) & Iores.BUSY).isNotZero();
  }

  /** Damage at random: read, or refused in one line; nothing else. */
  @Test
  void damagedTextsAreRefusedInOneLine() {
    String whole = Trees.text("laptop.txt");
    for (long seed = 1; seed <= 3000; seed++) {
      Random random = new Random(seed);
      StringBuilder text = new StringBuilder(whole);
      for (int i = random.nextInt(3); i >= 0; i--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(4)) {
          case 0 -> text.setLength(at);
          case 1 -> text.deleteCharAt(at);
          case 2 -> text.setCharAt(at, " 0f:-\n\rxZ\t".charAt(random.nextInt(10)));
          default -> text.insert(at, " 0f:-\n\rxZ\t".charAt(random.nextInt(10)));
        }
        if (text.isEmpty()) {
          break;
        }
      }
      try {
        parse(text.toString());
      } catch (IomemFormatException e) {
        assertThat(e.getMessage()).as("seed %d", seed).startsWith("line ").doesNotContain("\n");
      }
    }
  }
}
