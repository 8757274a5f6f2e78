package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** Proposals that make a test for RAM cheaper answer what the kernel's walk answers. */
final class RamTestShortcutsTest {
  private static final int RAM = Iores.SYSTEM_RAM | Iores.BUSY;
  private static final KernelProfile MAINLINE = KernelProfile.of("v6.19");

  /** First-level resources with ragged ends, half of them RAM, some with RAM or BARs inside. */
  private static List<Integer> fill(ResourceTree tree, Random random) {
    List<Integer> handles = new ArrayList<>();
    long at = 0x10_0000;
    for (int i = 0; i < 40; i++) {
      long start = at + random.nextInt(3) * 0x800L;
      long end = start + 0x4000 + random.nextInt(9) * 0x800L;
      boolean ram = random.nextBoolean();
      handles.add((int) tree.insertResource(0, start, end, "top", ram ? RAM : Iores.MEM, 0));
      if (random.nextBoolean()) {
        long inner = start + 0x1000;
        int flags = random.nextBoolean() ? RAM : Iores.MEM;
        handles.add(
            (int) tree.insertResource(handles.get(handles.size() - 1), inner, end, "in", flags, 0));
      }
      at = end + 1 + random.nextInt(3) * 0x800L;
    }
    return handles;
  }

  private static void sameAnswers(ResourceTree plain, ResourceTree quick, long seed) {
    for (long pfn = 0xff; pfn < 0x300; pfn++) {
      assertThat(quick.isRamByIndex(pfn))
          .as("seed %d, pfn %x", seed, pfn)
          .isEqualTo(plain.pageIsRam(pfn));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void indexKnowsWhatTheWalkFinds(long seed) {
    ResourceTree plain = new ResourceTree(new Kernel(MAINLINE));
    ResourceTree quick = new ResourceTree(new Kernel(MAINLINE.with(IomemFeatures.IOMEM_RAM_INDEX)));
    List<Integer> handles = fill(plain, new Random(seed));
    fill(quick, new Random(seed));
    sameAnswers(plain, quick, seed);
    for (int i = 0; i < handles.size(); i += 7) {
      plain.removeResource(handles.get(i));
      quick.removeResource(handles.get(i));
    }
    sameAnswers(plain, quick, seed);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void walkFromTheLastTopFindsTheSame(long seed) {
    Random random = new Random(seed);
    ResourceTree plain = new ResourceTree(new Kernel(MAINLINE));
    ResourceTree quick =
        new ResourceTree(new Kernel(MAINLINE.with(IomemFeatures.IOMEM_CACHES_TOP)));
    fill(plain, new Random(seed));
    fill(quick, new Random(seed));
    for (int i = 0; i < 2000; i++) {
      long start = 0xf_f000 + random.nextInt(0x200) * 0x800L;
      long end = start + 0x7ff + random.nextInt(4) * 0x1000L;
      long expected = plain.findNext(start, end, RAM, 0);
      assertThat(quick.findNext(start, end, RAM, 0))
          .as("seed %d, %x", seed, start)
          .isEqualTo(expected);
      if (expected == 0) {
        assertThat(quick.foundStart()).isEqualTo(plain.foundStart());
        assertThat(quick.foundEnd()).isEqualTo(plain.foundEnd());
      }
    }
    assertThat(quick.kernel().meter.get(ResourceTree.NODE_VISITED))
        .isLessThan(plain.kernel().meter.get(ResourceTree.NODE_VISITED));
  }

  @Test
  void secondWalkBeginsWhereTheFirstEnded() {
    Kernel kernel = new Kernel(MAINLINE.with(IomemFeatures.IOMEM_CACHES_TOP));
    ResourceTree tree =
        IomemText.parse(
            kernel,
            """
            00001000-0009ffff : System RAM
            00100000-3fffffff : System RAM
            40000000-4fffffff : Reserved
            80000000-8fffffff : PCI Bus 0000:00
              80000000-80ffffff : 0000:00:02.0
            """);
    long[] visits = new long[3];
    for (int i = 0; i < 3; i++) {
      long before = kernel.meter.get(ResourceTree.NODE_VISITED);
      assertThat(tree.pageIsRam(0x80001)).isFalse();
      visits[i] = kernel.meter.get(ResourceTree.NODE_VISITED) - before;
      if (i == 1) {
        tree.forgetWalks();
      }
    }
    assertThat(visits).containsExactly(5, 2, 5);
  }
}
