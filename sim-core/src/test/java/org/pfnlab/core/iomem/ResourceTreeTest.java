package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pfnlab.core.kernel.Errno;

/** How resources get into the tree and out of it. */
final class ResourceTreeTest {
  private final ResourceTree tree = new ResourceTree(Trees.kernel("v6.1"));
  private int window;

  /**
   *
   *
   * <pre>
   *   10000 ................................ 1ffff
   *   bus
   *          14000-17fff: card
   * </pre>
   */
  @BeforeEach
  void setUp() {
    window = (int) tree.requestResource(ResourceTree.ROOT, 0x10000, 0x1ffff, "bus", Iores.MEM, 0);
    assertThat(tree.requestResource(window, 0x14000, 0x17fff, "card", Iores.MEM, 0)).isPositive();
  }

  private String shape() {
    StringBuilder shape = new StringBuilder();
    for (int i = 0; i < tree.size(); i++) {
      shape.append(i == 0 ? "" : " ").append("/".repeat(tree.depth(i))).append(tree.name(i));
    }
    tree.checkInvariants();
    return shape.toString();
  }

  private long request(int parent, long start, long end, String name) {
    return tree.requestResource(parent, start, end, name, Iores.MEM, 0);
  }

  private long insert(long start, long end, String name) {
    return tree.insertResource(ResourceTree.ROOT, start, end, name, Iores.MEM, 0);
  }

  @Test
  void requestLooksAtDirectChildrenOnly() {
    assertThat(request(ResourceTree.ROOT, 0x0, 0xffff, "below")).isPositive();
    assertThat(request(ResourceTree.ROOT, 0x20000, 0x2ffff, "above")).isPositive();
    assertThat(request(ResourceTree.ROOT, 0x12000, 0x12fff, "in")).isEqualTo(-Errno.EBUSY);
    assertThat(request(ResourceTree.ROOT, 0xf000, 0x10000, "into")).isEqualTo(-Errno.EBUSY);
    assertThat(request(window, 0x12000, 0x13fff, "beside")).isPositive();
    assertThat(request(window, 0x1f000, 0x20000, "beyond")).isEqualTo(-Errno.EBUSY);
    assertThat(request(window, 0x1f000, 0x1efff, "reversed")).isEqualTo(-Errno.EBUSY);
    assertThat(shape()).isEqualTo("below bus /beside /card above");
  }

  @Test
  void insertGoesAsDeepAsItFits() {
    assertThat(insert(0x15000, 0x15fff, "function")).isPositive();
    assertThat(insert(0x13000, 0x14fff, "across")).isEqualTo(-Errno.EBUSY);
    assertThat(insert(0x1f000, 0x20000, "out of the bus")).isEqualTo(-Errno.EBUSY);
    assertThat(shape()).isEqualTo("bus /card //function");
  }

  @Test
  void insertTakesInWhatItCovers() {
    request(window, 0x18000, 0x18fff, "other");
    assertThat(insert(0x13000, 0x19fff, "bridge")).isPositive();
    assertThat(shape()).isEqualTo("bus /bridge //card //other");
    assertThat(insert(0x0, 0x2ffff, "everything")).isPositive();
    assertThat(shape()).isEqualTo("everything /bus //bridge ///card ///other");
  }

  @Test
  void theSameRangeBecomesTheParent() {
    assertThat(insert(0x14000, 0x17fff, "newer")).isPositive();
    assertThat(shape()).isEqualTo("bus /newer //card");
  }

  @Test
  void expandToFitGrowsOverConflicts() {
    long handle = tree.insertResourceExpandToFit(0x1f000, 0x20fff, "e820", Iores.MEM, 0);
    assertThat(shape()).isEqualTo("e820 /bus //card");
    assertThat(tree.start(tree.indexOf((int) handle))).isEqualTo(0x10000);
    assertThat(tree.kernel().log().lines())
        .containsExactly("Expanded resource e820 due to conflict with bus");
    assertThat(tree.insertResourceExpandToFit(2, 1, "reversed", Iores.MEM, 0))
        .isEqualTo(-Errno.EBUSY);
  }

  @Test
  void driversClaimInsideWhatNobodyClaims() {
    assertThat(tree.requestMemRegion(0x14000, 0x1000, "driver")).isPositive();
    assertThat(tree.requestMemRegion(0x14800, 0x100, "rival")).isEqualTo(-Errno.EBUSY);
    assertThat(tree.requestMemRegion(0x14000, 0x1000, "rival")).isEqualTo(-Errno.EBUSY);
    assertThat(tree.requestMemRegion(0x13000, 0x2000, "across")).isEqualTo(-Errno.EBUSY);
    assertThat(tree.requestMemRegion(0x30000, 0x1000, "elsewhere")).isPositive();
    assertThat(shape()).isEqualTo("bus /card //driver elsewhere");
    assertThat(tree.flags(2)).isEqualTo(Iores.MEM | Iores.BUSY);
  }

  @Test
  void releaseWantsTheExactRange() {
    tree.requestMemRegion(0x14000, 0x1000, "driver");
    assertThat(tree.releaseMemRegion(0x14000, 0x800)).isEqualTo(-Errno.EINVAL);
    assertThat(tree.releaseMemRegion(0x14000, 0x2000)).isEqualTo(-Errno.EINVAL);
    assertThat(tree.releaseMemRegion(0x14000, 0x4000)).as("unclaimed").isEqualTo(-Errno.EINVAL);
    assertThat(tree.kernel().log().lines())
        .contains("Trying to free nonexistent resource <0000000000014000-00000000000147ff>");
    assertThat(tree.releaseMemRegion(0x14000, 0x1000)).isZero();
    assertThat(shape()).isEqualTo("bus /card");
  }

  @Test
  void releaseTakesChildrenAlongAndRemoveLeavesThem() {
    int card = (int) tree.requestMemRegion(0x15000, 0x1000, "driver");
    assertThat(tree.removeResource(tree.handle(1))).isZero();
    assertThat(shape()).isEqualTo("bus /driver");
    assertThat(tree.releaseResource(window)).isZero();
    assertThat(tree.size()).isZero();
    assertThat(tree.releaseResource(window)).isEqualTo(-Errno.EINVAL);
    assertThat(tree.indexOf(card)).isNegative();
    assertThatThrownBy(() -> request(window, 0x10000, 0x10fff, "orphan"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("released");
  }

  @Test
  void aClaimOfAPartOfRamIsRam() {
    ResourceTree hotplug = new ResourceTree(Trees.kernel("v6.1"));
    hotplug.requestResource(ResourceTree.ROOT, 0, 0xffff, "idle RAM", Iores.SYSTEM_RAM, 4);
    hotplug.requestMemRegion(0x1000, 0x1000, "claim");
    assertThat(hotplug.flags(1)).isEqualTo(Iores.SYSTEM_RAM | Iores.BUSY);
    assertThat(hotplug.desc(1)).isEqualTo(4);
  }

  @Test
  void findNextCutsToTheRange() {
    assertThat(tree.findNext(0x12000, 0x15fff, Iores.MEM, 0)).isZero();
    assertThat(tree.foundStart()).isEqualTo(0x12000);
    assertThat(tree.foundEnd()).isEqualTo(0x15fff);
    assertThat(tree.foundIndex()).isZero();
    assertThat(tree.findNext(0x12000, 0x15fff, Iores.SYSTEM_RAM, 0)).isEqualTo(-Errno.ENODEV);
    assertThat(tree.findNext(0x12000, 0x12000, Iores.MEM, 0)).isEqualTo(-Errno.EINVAL);
  }

  @Test
  void walksShowWholePagesOnly() {
    ResourceTree ram = new ResourceTree(Trees.kernel("v6.1"));
    int flags = Iores.SYSTEM_RAM | Iores.BUSY;
    ram.requestResource(ResourceTree.ROOT, 0x1000, 0x3bff, "a", flags, 0);
    ram.requestResource(ResourceTree.ROOT, 0x5c00, 0x8fff, "b", flags, 0);
    List<String> seen = new ArrayList<>();
    long last = ram.walkSystemRamRange(0, 16, (pfn, pages) -> seen.add(pfn + "+" + pages) ? 0 : 1);
    assertThat(seen).containsExactly("1+2", "6+3");
    assertThat(last).isZero();

    assertThat(ram.pageIsRam(2)).isTrue();
    assertThat(ram.pageIsRam(3)).as("only a part of it").isFalse();
    assertThat(ram.pageIsRam(5)).isFalse();
    assertThat(ram.pageIsRam(20)).isFalse();
    seen.clear();
    assertThat(ram.walkSystemRamRange(3, 13, (pfn, pages) -> seen.add("called") ? 0 : 1))
        .as("a first piece without a whole page ends the walk")
        .isEqualTo(-Errno.EINVAL);
    assertThat(seen).isEmpty();
    assertThat(ram.walkSystemRamRange(0, 16, (pfn, pages) -> 7)).isEqualTo(7);
  }

  @Test
  void aCopyIsAnothersOwn() {
    ResourceTree copy = tree.copyFor(Trees.kernel("v5.11"));
    copy.requestMemRegion(0x14000, 0x1000, "driver");
    assertThat(copy.size()).isEqualTo(3);
    assertThat(tree.size()).isEqualTo(2);
    assertThat(copy.walk()).isEqualTo(ResourceWalk.SIBLINGS_THEN_PREORDER);
  }
}
