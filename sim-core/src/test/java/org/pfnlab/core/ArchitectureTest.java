package org.pfnlab.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.fixture.forbidden.Forbidden;

/** The order of the rooms and the purity of the core, and that both rules bite. */
final class ArchitectureTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.pfnlab.core");

  private static final JavaClasses CROOKED_HOUSE =
      new ClassFileImporter().importPackages("org.pfnlab.fixture");

  static Stream<ArchRule> rules() {
    return Stream.of(
            Rooms.order("org.pfnlab.core"),
            List.of(Rooms.nothingOutside("org.pfnlab.core")),
            PureCore.RULES)
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void coreKeeps(ArchRule rule) {
    rule.check(CORE);
  }

  /** The tree of VMAs keeps their borders apart, and must hear of every change. */
  private static final ArchRule BORDERS_CHANGE_THROUGH_SET_RANGE =
      noClasses()
          .that()
          .doNotHaveFullyQualifiedName(Vma.class.getName())
          .should()
          .setField(Vma.class, "start")
          .orShould()
          .setField(Vma.class, "end");

  @Test
  void bordersOfVmasChangeThroughSetRange() {
    BORDERS_CHANGE_THROUGH_SET_RANGE.check(CORE);
  }

  @Test
  void canaryBorderChangedByHandIsCaught() {
    JavaClasses byHand = new ClassFileImporter().importPackages("org.pfnlab.core.mm");
    assertThat(BORDERS_CHANGE_THROUGH_SET_RANGE.evaluate(byHand).hasViolation()).isTrue();
  }

  @Test
  void importsTheCore() {
    assertThat(CORE.contain("org.pfnlab.core.kernel.Kernel")).isTrue();
  }

  @Test
  void canaryRoomThatImportsFromBelowIsCaught() {
    List<String> caught =
        Rooms.order("org.pfnlab.fixture").stream()
            .map(rule -> rule.evaluate(CROOKED_HOUSE))
            .filter(result -> result.hasViolation())
            .flatMap(result -> result.getFailureReport().getDetails().stream())
            .toList();

    assertThat(caught)
        .isNotEmpty()
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains("org.pfnlab.fixture.meter.LooksDown")
                    .contains("org.pfnlab.fixture.kernel.LooksUp"));
  }

  @Test
  void canaryClassOutsideEveryRoomIsCaught() {
    assertThat(Rooms.nothingOutside("org.pfnlab.fixture").evaluate(CROOKED_HOUSE).hasViolation())
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        Forbidden.Chance.class,
        Forbidden.Clock.class,
        Forbidden.Environment.class,
        Forbidden.FileAccess.class,
        Forbidden.Handles.class,
        Forbidden.Identity.class,
        Forbidden.LocaleOfTheMachine.class,
        Forbidden.Printing.class,
        Forbidden.Reflection.class,
        Forbidden.ReflectionThroughClass.class,
        Forbidden.Threads.class,
      })
  void canaryImpureClassIsCaught(Class<?> impure) {
    assertThat(violations(impure)).isNotEmpty();
  }

  @Test
  void plainClassBreaksNoRule() {
    assertThat(violations(Forbidden.Nothing.class)).isEmpty();
  }

  private static List<String> violations(Class<?> type) {
    JavaClasses alone = new ClassFileImporter().importClasses(type);
    return PureCore.RULES.stream()
        .flatMap(rule -> rule.evaluate(alone).getFailureReport().getDetails().stream())
        .toList();
  }
}
