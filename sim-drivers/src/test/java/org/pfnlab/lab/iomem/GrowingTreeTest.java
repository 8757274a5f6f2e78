package org.pfnlab.lab.iomem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.iomem.ResourceWalk;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;

/** Made-up trees are as large as they say, and their BARs are where they say. */
final class GrowingTreeTest {
  @ParameterizedTest
  @ValueSource(ints = {16, 17, 31, 64, 1000, 8192})
  void sizeAndPlaces(int size) {
    ResourceTree tree = GrowingTree.of(size).parse(new Kernel(KernelProfile.of("v6.18.2")));
    tree.checkInvariants();
    assertThat(tree.size()).isEqualTo(size);
    Bars.Found early = GrowingTree.bar(tree, GrowingTree.Place.EARLY);
    Bars.Found late = GrowingTree.bar(tree, GrowingTree.Place.LATE);
    assertThat(early.start()).isLessThan(late.start());
    assertThat(tree.visitsOfRamTest(late.start(), ResourceWalk.PREORDER)).isEqualTo(size);
    assertThat(tree.visitsOfRamTest(early.start(), ResourceWalk.PREORDER)).isLessThan(16);
    assertThat(tree.visitsOfRamTest(late.start(), ResourceWalk.SIBLINGS_THEN_PREORDER))
        .isLessThanOrEqualTo(16 + (size - 8) / Math.min(8, (size - 8) / 2));
  }

  @Test
  void smallerTreesHaveNoSuchShape() {
    assertThatThrownBy(() -> GrowingTree.of(15)).hasMessageContaining("at least 16");
  }
}
