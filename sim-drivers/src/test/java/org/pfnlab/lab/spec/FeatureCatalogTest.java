package org.pfnlab.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FeatureCatalogTest {
  @Test
  void findsFeaturesOfClassesThatNobodyHasUsedYet() {
    assertThat(FeatureCatalog.names().asList())
        .contains("X86_PAT", "ARCH_HAS_PTE_SPECIAL", "SMAPS_LOCKONFAULT")
        .isSorted();
    assertThat(FeatureCatalog.find("SMAPS_LOCKONFAULT")).hasToString("SMAPS_LOCKONFAULT");
    assertThat(FeatureCatalog.find("NO_SUCH_FEATURE")).isNull();
  }

  @Test
  void everyFeatureTellsItsOrigin() {
    assertThat(FeatureCatalog.all()).allSatisfy(f -> assertThat(f.origin()).isNotBlank());
  }
}
