package org.pfnlab;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers do not know the lab, and packages of either do not go round in circles. */
final class ArchitectureTest {
  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.pfnlab.drivers", "org.pfnlab.lab");

  private static final JavaClasses CROOKED_HOUSE =
      new ClassFileImporter().importPackages("org.pfnlab.fixture");

  private static ArchRule driversWithoutLab(String house) {
    return noClasses()
        .that()
        .resideInAPackage(house + ".drivers..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(house + ".lab..")
        .because("a driver runs in any kernel, whoever looks at it");
  }

  private static ArchRule noCircles(String slices) {
    return slices().matching(slices).should().beFreeOfCycles();
  }

  @Test
  void driversDoNotKnowTheLab() {
    driversWithoutLab("org.pfnlab").check(CODE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"org.pfnlab.drivers.(*)..", "org.pfnlab.lab.(*).."})
  void packagesDoNotGoRoundInCircles(String slices) {
    noCircles(slices).check(CODE);
  }

  @Test
  void canaries() {
    for (ArchRule rule :
        List.of(driversWithoutLab("org.pfnlab.fixture"), noCircles("org.pfnlab.fixture.(*).."))) {
      assertThat(rule.evaluate(CROOKED_HOUSE).hasViolation()).as(rule.getDescription()).isTrue();
    }
  }
}
