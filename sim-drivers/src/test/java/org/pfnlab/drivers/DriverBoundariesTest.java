package org.pfnlab.drivers;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** Who may know whom among the drivers' packages. */
class DriverBoundariesTest {
  private static final String ROOT = "org.pfnlab.drivers.";

  /** Subsystems that drivers are built on; everything else in the root is a driver. */
  private static final ImmutableList<String> DRIVERS =
      ImmutableList.of(
          "toygpu",
          "toydma",
          "devmem",
          "pci",
          "heap",
          "udmabuf",
          "ttm",
          "vgem",
          "i915",
          "exporter");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.pfnlab.drivers");

  @Test
  void noDriverKnowsAnother() {
    for (String driver : DRIVERS) {
      String[] others =
          DRIVERS.stream()
              .filter(other -> !other.equals(driver))
              .map(other -> ROOT + other + "..")
              .toArray(String[]::new);
      rule(driver, others).check(CLASSES);
    }
  }

  private static ArchRule rule(String driver, String... forbidden) {
    return ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage(ROOT + driver + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden);
  }

  @Test
  void packagesDependOneWay() {
    slices().matching("org.pfnlab.drivers.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void driversKnowNothingOfTheLaboratory() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("org.pfnlab.drivers..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.pfnlab.lab..")
        .check(CLASSES);
  }

  /** Canary: the rule does see a dependency that is there. */
  @Test
  void theRuleSeesDependencies() {
    assertThatThrownBy(() -> rule("ttm", ROOT + "drm..").check(CLASSES))
        .isInstanceOf(AssertionError.class);
  }
}
