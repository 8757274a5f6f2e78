package org.pfnlab.lab.memtype;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.core.iomem.IomemText;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.pat.CacheMode;
import org.pfnlab.core.pat.Mtrr;

/** The story that is told, and whether it is the one that the model lives. */
class ReserveStoryTest {
  private static final long BAR = 0xf800_0000L;
  private static final String IOMEM =
      """
      00001000-0009ffff : System RAM
      00100000-3fffffff : System RAM
      40000000-febfffff : PCI Bus 0000:00
        f8000000-fbffffff : 0000:00:03.0
      """;
  private static final String TITLE = "PAT memtype list:\n";

  private static KnownMachine machine(String version) {
    Kernel kernel = new Kernel(KernelProfile.of(version));
    return new KnownMachine(kernel, IomemText.parse(kernel, IOMEM), null);
  }

  private static String line(long start, long end, String type) {
    return "PAT: [mem 0x%016x-0x%016x] %s\n".formatted(start, end, type);
  }

  /** The rules as a table: what lies there, the wish, who takes another type, who insists. */
  @ParameterizedTest
  @CsvSource({
    "-,       wc,  write-combining, write-combining, true",
    "-,       wb,  uncached-minus,  uncached-minus,  false",
    "wc,      wc,  write-combining, write-combining, true",
    "wc,      uc-, write-combining, EBUSY,           false",
    "wc,      wb,  write-combining, EBUSY,           false",
    "uc-,     wc,  uncached-minus,  EBUSY,           false",
    "wc wc,   wc,  write-combining, write-combining, true",
    "wc uc-,  wc,  'EBUSY (ioremap: NULL, remap_pfn_range: EINVAL)', EBUSY, false",
    "uc- wc,  uc-, 'EBUSY (ioremap: NULL, remap_pfn_range: EINVAL)', EBUSY, false",
    "wb,      wc,  'NULL from ioremap, EINVAL from the other',       EBUSY, false",
    "wb,      wb,  write-back,      EBUSY,           true",
  })
  void rules(String there, String wish, String accepting, String insisting, boolean fulfilled) {
    StringBuilder text = new StringBuilder(TITLE);
    long at = BAR;
    for (String type : there.equals("-") ? new String[0] : there.split(" ", -1)) {
      text.append(line(at, at + 0x4000, Wish.parse("0+1000", type).type().kernelName()));
      at += 0x4000;
    }
    MemtypeList list = MemtypeList.parse("list", text.toString());
    ReserveStory story =
        ReserveStory.of(machine("v6.1.192"), list, Wish.parse("f8000000+10000", wish));
    assertThat(story.answers().get(0).result()).isEqualTo(accepting);
    assertThat(story.answers().get(1).result()).isEqualTo(insisting);
    assertThat(story.fulfilled()).isEqualTo(fulfilled);
  }

  @ParameterizedTest
  @CsvSource({
    "200000+2000,    wc, pat_pagerange_is_ram, System RAM: the pages' flags",
    "200000+2000,    wp, reserve_ram_pages_type, EINVAL",
    "a0000+1000,     wc, is_untracked_pat_range, ISA hole",
    "f8000000+1000,  wb, pat_x_mtrr_type, becomes uncached-minus",
    "200000+2000,    wb, pat_x_mtrr_type, so it stays",
    "f8000000+1000,  wc, memtype_check_conflict, nothing overlaps",
    "a0000+60001000, wc, pat_pagerange_is_ram, partly System RAM",
  })
  void everyRuleIsNamed(String range, String type, String symbol, String words) {
    ReserveStory story =
        ReserveStory.of(
            machine("v6.18.2"), MemtypeList.parse("list", TITLE), Wish.parse(range, type));
    assertThat(story.steps())
        .anyMatch(step -> step.symbol().equals(symbol) && step.text().contains(words));
  }

  @Test
  void ramIsReservedBySetMemoryAlone() {
    ReserveStory story =
        ReserveStory.of(
            machine("v6.1.192"), MemtypeList.parse("list", TITLE), Wish.parse("200000+2000", "wc"));
    assertThat(story.fulfilled()).isTrue();
    assertThat(story.answers())
        .extracting(ReserveStory.Answer::result)
        .containsExactly(
            "NULL, it maps no RAM",
            "write-back",
            "write-combining",
            "write-combining",
            "write-back");
  }

  @Test
  void memtypeFreeDiffersBetweenReleases() {
    MemtypeList empty = MemtypeList.parse("list", TITLE);
    Wish wish = Wish.parse("f8000000+1000", "wc");
    assertThat(ReserveStory.of(machine("v6.1.192"), empty, wish).steps().toString())
        .contains("shrink it from its end");
    assertThat(ReserveStory.of(machine("v6.16"), empty, wish).steps().toString())
        .contains("as a whole only");
  }

  @Test
  void givenMtrrsAreBelieved() {
    Kernel kernel = new Kernel(KernelProfile.of("v6.1.192"));
    KnownMachine known = new KnownMachine(kernel, null, Mtrr.parse(""));
    ReserveStory story =
        ReserveStory.of(known, MemtypeList.parse("list", TITLE), Wish.parse("f8000000+1000", "wb"));
    assertThat(story.fulfilled()).isTrue();
  }

  static LongStream seeds() {
    return LongStream.range(0, 200);
  }

  /** Against a naive reading of memtype_check_conflict, and the story against its own outcome. */
  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithANaiveReading(long seed) {
    Random random = new Random(seed);
    ImmutableList<Reservation> there = possibleList(random);
    StringBuilder text = new StringBuilder(TITLE);
    there.forEach(r -> text.append(line(r.start(), r.end(), r.type().kernelName())));
    MemtypeList list = MemtypeList.parse("seed " + seed, text.toString());
    assertThat(Finding.in(list, machine("v6.1.192"))).as("seed %d", seed).isEmpty();
    long start = BAR + (random.nextInt(40) << 12);
    Wish wish =
        new Wish(
            start,
            start + ((1L + random.nextInt(20)) << 12),
            random.nextBoolean() ? CacheMode.WC : CacheMode.UC_MINUS);
    List<CacheMode> over =
        there.stream()
            .filter(r -> r.overlaps(wish.start(), wish.end()))
            .map(Reservation::type)
            .distinct()
            .toList();
    ReserveStory story = ReserveStory.of(machine("v6.1.192"), list, wish);
    String accepting = story.answers().get(0).result();
    boolean refused = over.size() > 1;
    if (refused) {
      assertThat(accepting).as("seed %d", seed).startsWith("EBUSY");
    } else {
      CacheMode got = over.isEmpty() ? wish.type() : over.get(0);
      assertThat(accepting).as("seed %d", seed).isEqualTo(got.kernelName());
    }
    assertThat(story.answers().get(1).result().equals("EBUSY"))
        .as("seed %d", seed)
        .isEqualTo(refused || (over.size() == 1 && over.get(0) != wish.type()));
    assertThat(story.steps().stream().anyMatch(step -> step.text().endsWith(": EBUSY")))
        .as("seed %d: what is told is what happens", seed)
        .isEqualTo(refused);
  }

  private static ImmutableList<Reservation> possibleList(Random random) {
    List<Reservation> list = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      long start = BAR + (random.nextInt(40) << 12);
      long end = start + ((1L + random.nextInt(8)) << 12);
      CacheMode type = random.nextBoolean() ? CacheMode.WC : CacheMode.UC_MINUS;
      if (list.stream().noneMatch(r -> r.overlaps(start, end) && r.type() != type)) {
        list.add(new Reservation(0, start, end, type));
      }
    }
    list.sort(Comparator.comparingLong(Reservation::start));
    return ImmutableList.copyOf(list);
  }

  /** Canaries: lists that no kernel can have. */
  @Test
  void impossibleListsAreNoticed() {
    String pair =
        TITLE
            + line(BAR, BAR + 0x4000, "write-combining")
            + line(BAR + 0x3000, BAR + 0x5000, "uncached-minus");
    assertThat(Finding.in(MemtypeList.parse("list", pair), machine("v6.1.192")))
        .singleElement()
        .satisfies(found -> assertThat(found.line()).isEqualTo(3))
        .satisfies(found -> assertThat(found.text()).contains("line 2", "memtype_check_conflict"));
    String ram = TITLE + line(0x20_0000, 0x20_1000, "write-combining");
    assertThat(Finding.in(MemtypeList.parse("list", ram), machine("v6.1.192")))
        .singleElement()
        .satisfies(found -> assertThat(found.text()).contains("System RAM"));
  }
}
