package org.pfnlab.lab.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.iomem.MachineTree;

/** Which BAR is mapped, and where one goes that is not there. */
final class BarChoiceTest {
  private static final Kernel KERNEL = new Kernel(KernelProfile.of("v6.18.2"));

  private static @Nullable BarChoice choose(IomemFile file, long size) {
    return BarChoice.in(file, file.parse(KERNEL), size);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 6000000000, 10000000, false",
    "1000, 80400000, 4000, false",
    "4001, 80610000, 8000, false",
    "10000, 80600000, 10000, false",
    "10001, 6010000000, 200000, false",
    "1000000, 6018000000, 1000000, false",
    "10000000, 6000000000, 10000000, false",
    // The highest gap: above the last BAR of the 64-bit window, as aligned as it is big.
    "40000000, 7fc0000000, 40000000, true",
    "30000000, 7fc0000000, 30000000, true",
    // No gap is that big: a window of its own above everything.
    "10000000000, 10000000000, 10000000000, true",
  })
  void choices(String size, String base, String length, boolean madeUp) {
    BarChoice choice =
        Objects.requireNonNull(choose(MachineTree.laptop(), Long.parseLong(size, 16)));
    assertThat(Long.toHexString(choice.bar().base())).isEqualTo(base);
    assertThat(Long.toHexString(choice.bar().size())).isEqualTo(length);
    assertThat(choice.isMadeUp()).isEqualTo(madeUp);
    ResourceTree tree = choice.tree().parse(KERNEL);
    tree.checkInvariants();
    if (madeUp) {
      assertThat(choice.tree().text()).contains(base + "-").contains(choice.name());
    }
  }

  @Test
  void treesWithoutDevices() {
    IomemFile bare = new IomemFile("bare", "00001000-3fffffff : System RAM\n");
    assertThat(choose(bare, 0)).isNull();
    BarChoice added = Objects.requireNonNull(choose(bare, 1 << 20));
    assertThat(added.bar().base()).isEqualTo(0x4000_0000L);
    assertThat(added.tree().text()).contains("PCI Bus", added.name());
  }

  @Test
  void nothingLargerThanTheMachineCanAddress() {
    IomemFile full = new IomemFile("full", "00001000-7fffffffffffff : System RAM\n");
    assertThatThrownBy(() -> choose(full, 1L << 46))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("no room");
  }
}
