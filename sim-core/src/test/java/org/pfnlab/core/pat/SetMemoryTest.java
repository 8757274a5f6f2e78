package org.pfnlab.core.pat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pfnlab.core.kernel.Errno.EBUSY;
import static org.pfnlab.core.kernel.Errno.EFAULT;
import static org.pfnlab.core.kernel.Errno.EINVAL;

import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.meter.Event;

/**
 * The direct map of 3 GiB of RAM, with a hole of 2 MiB at 1 GiB and the kernel's image at 16 MiB.
 */
class SetMemoryTest {
  private static final String IOMEM =
      """
      00001000-0009ffff : System RAM
      00100000-3fffffff : System RAM
        01000000-017fffff : Kernel code
        01e00000-01ffffff : Kernel bss
      40200000-bfffffff : System RAM
      """;

  /** In the middle of RAM, aligned to 2 MiB. */
  private static final long PFN = 0x20000;

  private static final long HOLE = 0x40000;
  private static final long IMAGE = 0x1000;

  private Machine machine = boot("v6.18.2");

  private static Machine boot(String kernel) {
    return boot(KernelProfile.of(kernel));
  }

  private static Machine boot(KernelProfile profile) {
    return new Machine(MachineConfig.of(profile).withIomem(IOMEM));
  }

  @BeforeEach
  void resets() {
    machine.reset();
  }

  private long count(Event event) {
    return machine.kernel().meter.get(event);
  }

  private long set(String how, long first, int pages, CacheMode mode) {
    if (how.equals("range")) {
      return machine.setMemory().range(first, pages, mode);
    }
    long[] pfns = new long[pages];
    for (int i = 0; i < pages; i++) {
      pfns[i] = first + i;
    }
    return machine.setMemory().pages(pfns, pages, mode);
  }

  /** What one call costs; the array of 1 and of 16 pages as recorded. */
  @ParameterizedTest
  @CsvSource({
    //       pages, mode, set_clr, leaves, splits, addresses, all TLBs, cache lines
    "array, 1, WC, 2, 2, 1, 2, 1, 128",
    "array, 16, WC, 2, 32, 1, 32, 1, 2048",
    "array, 33, UC_MINUS, 1, 33, 1, 33, 1, 2112",
    "array, 34, UC_MINUS, 1, 34, 1, 0, 2, 2176",
    "array, 512, WC, 2, 1024, 1, 0, 3, 65536",
    "array, 1024, WC, 2, 2048, 2, 0, 4, 131072",
    "range, 1, WC, 2, 2, 1, 2, 1, 128",
    "range, 512, WC, 2, 2, 0, 0, 2, 65536",
    "range, 513, UC_MINUS, 1, 2, 1, 0, 2, 32832",
    "range, 1024, UC_MINUS, 1, 2, 0, 0, 1, 65536",
  })
  void costs(
      String how,
      int pages,
      CacheMode mode,
      long calls,
      long leaves,
      long splits,
      long addresses,
      long all,
      long lines) {
    assertThat(set(how, PFN, pages, mode)).isZero();
    assertThat(count(DirectMap.CHANGED)).as("change_page_attr_set_clr").isEqualTo(calls);
    assertThat(count(DirectMap.LEAF)).as("__change_page_attr").isEqualTo(leaves);
    assertThat(count(DirectMap.ALIAS)).as("cpa_process_alias").isEqualTo(leaves);
    assertThat(count(DirectMap.FLUSH)).as("cpa_flush").isEqualTo(calls);
    assertThat(count(DirectMap.SPLIT_2M)).as("splits").isEqualTo(splits);
    assertThat(count(DirectMap.TLB_ADDRESS)).as("addresses").isEqualTo(addresses);
    assertThat(count(DirectMap.TLB_ALL)).as("all TLBs").isEqualTo(all);
    assertThat(count(DirectMap.LINE)).as("cache lines").isEqualTo(lines);
    assertThat(machine.directMap().mode(PFN + pages - 1)).isEqualTo(mode);
    assertThat(machine.directMap().mode(PFN + pages)).isEqualTo(CacheMode.WB);
    assertThat(machine.memtypes().lookup(PFN << 12)).isEqualTo(mode);
  }

  @ParameterizedTest
  @CsvSource({"array, 16", "array, 512", "range, 16", "range, 512"})
  void backToWriteBackFlushesNoCache(String how, int pages) {
    set(how, PFN, pages, CacheMode.WC);
    int level = machine.directMap().level(PFN);
    machine.kernel().meter.reset();
    assertThat(set(how, PFN, pages, CacheMode.WB)).isZero();
    assertThat(count(DirectMap.CHANGED)).isEqualTo(1);
    assertThat(count(DirectMap.LINE)).isZero();
    assertThat(machine.directMap().mode(PFN)).isEqualTo(CacheMode.WB);
    assertThat(machine.directMap().level(PFN)).as("what was split stays split").isEqualTo(level);
    assertThat(machine.memtypes().lookup(PFN << 12)).isEqualTo(CacheMode.WB);
  }

  @Test
  void nothingChangedIsNotFlushed() {
    assertThat(set("range", PFN, 16, CacheMode.WB)).isZero();
    assertThat(count(DirectMap.CHANGED)).isEqualTo(1);
    assertThat(count(DirectMap.FLUSH)).isZero();
    assertThat(machine.directMap().level(PFN)).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"range, " + -EBUSY, "array, " + -EINVAL})
  void aPageThatIsNotWriteBackCannotBeReservedAgain(String how, long errno) {
    set("array", PFN + 3, 1, CacheMode.WC);
    assertThat(set(how, PFN, 8, CacheMode.UC_MINUS)).isEqualTo(errno);
    assertThat(machine.memtypes().lookup(PFN << 12)).isEqualTo(CacheMode.WB);
    assertThat(machine.directMap().mode(PFN)).isEqualTo(CacheMode.WB);
    assertThat(machine.directMap().mode(PFN + 3)).isEqualTo(CacheMode.WC);
  }

  @Test
  void aHoleIsNoPartOfTheDirectMap() {
    assertThat(machine.directMap().level(HOLE)).isZero();
    assertThat(machine.directMap().mode(HOLE)).isNull();
    assertThat(machine.setMemory().range(HOLE - 1, 1, CacheMode.WB)).isZero();
    assertThat(machine.setMemory().range(HOLE - 1, 2, CacheMode.WB)).isEqualTo(-EFAULT);
  }

  @Test
  void theKernelsImageIsMappedTwice() {
    assertThat(set("array", IMAGE, 1, CacheMode.UC_MINUS)).isZero();
    assertThat(count(DirectMap.LEAF)).isEqualTo(2);
    assertThat(count(DirectMap.TLB_ADDRESS)).isZero();
    assertThat(count(DirectMap.TLB_ALL)).as("split, and flush").isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "0x1, 1",
    "0x100, 1",
    "0x200, 2",
    "0x3fe00, 2",
    "0x40200, 2",
    "0xbfe00, 2",
    "0xbffff, 2",
    "0xc0000, 0",
  })
  void leavesAreAsLargeAsRamAllows(String pfn, int level) {
    assertThat(machine.directMap().level(Long.decode(pfn))).isEqualTo(level);
  }

  @Test
  void aGigabyteLeafIsSplitTwice() {
    machine = boot(KernelProfile.of("v6.1.192").with(DirectMap.X86_GBPAGES));
    long pfn = 0x80000;
    assertThat(machine.directMap().level(pfn)).isEqualTo(3);
    assertThat(set("array", pfn, 1, CacheMode.UC_MINUS)).isZero();
    assertThat(count(DirectMap.SPLIT_1G)).isEqualTo(1);
    assertThat(count(DirectMap.SPLIT_2M)).isEqualTo(1);
    assertThat(count(DirectMap.TLB_ALL)).isEqualTo(2);
    assertThat(machine.directMap().level(pfn + 1)).isEqualTo(1);
    assertThat(machine.directMap().level(pfn + 512)).isEqualTo(2);
    assertThat(machine.directMap().level(0x40200)).as("beside the hole").isEqualTo(2);
  }

  /** A leaf may not reach over a hole, wherever in it that is. */
  @ParameterizedTest
  @CsvSource({
    // hole, level around it
    "90000000-91ffffff, 2",
    "b0000000-b00fffff, 1",
    "bfe00000-bfe00fff, 1",
  })
  void leavesEndAtHoles(String hole, int level) {
    long first = Long.parseLong(hole.substring(0, 8), 16);
    long end = Long.parseLong(hole.substring(9), 16);
    String iomem =
        "00100000-%08x : System RAM\n%08x-ffffffff : System RAM\n".formatted(first - 1, end + 1);
    KernelProfile profile = KernelProfile.of("v6.1.192").with(DirectMap.X86_GBPAGES);
    machine = new Machine(MachineConfig.of(profile).withIomem(iomem));
    DirectMap map = machine.directMap();

    assertThat(map.level(first >>> 12)).as("in the hole").isZero();
    assertThat(map.level((end + 1) >>> 12)).as("behind it").isEqualTo(level);
    assertThat(map.level(0x80000)).as("in the same GiB").isEqualTo(2);
    assertThat(map.level(0x40000)).as("in the GiB before").isEqualTo(3);
  }

  @Test
  void anotherModeIsAMisuse() {
    assertThatThrownBy(() -> machine.setMemory().range(PFN, 1, CacheMode.WP))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("WP");
  }

  /** Page flags and direct map say the same, whatever was done and refused before. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void randomCallsKeepPageFlagsAndDirectMapInStep(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    CacheMode[] modes = {CacheMode.WC, CacheMode.UC_MINUS, CacheMode.WB};
    for (int step = 0; step < 400; step++) {
      String how = random.nextBoolean() ? "range" : "array";
      long first = PFN + random.nextInt(0, 1500);
      set(how, first, random.nextInt(1, 600), modes[random.nextInt(modes.length)]);
      long pfn = PFN + random.nextInt(0, 2100);
      assertThat(machine.directMap().mode(pfn))
          .as("seed %d, step %d, pfn %x", seed, step, pfn)
          .isEqualTo(machine.memtypes().lookup(pfn << 12));
    }
  }
}
