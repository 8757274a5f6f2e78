package org.pfnlab.lab.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Hooks;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.lab.BadInput;

class KernelSpecTest {
  private static final PolicyCatalog POLICIES =
      PolicyCatalog.of(
          ImmutableList.of(new NamedPolicy("require-pfnmap"), new NamedPolicy("refuse-cow")));

  @ParameterizedTest
  @CsvSource({
    "v6.1.192, v6.1.192",
    "6.1.192, v6.1.192",
    "v5.11, v5.11",
    "v7.0, v7.0",
    "v6.18.2-X86_PAT, v6.18.2-X86_PAT",
    "v6.18.2+X86_PAT-X86_PAT, v6.18.2-X86_PAT",
    "v5.11+X86_SAVED_DIRTY-X86_PAT, v5.11+X86_SAVED_DIRTY-X86_PAT",
    "v6.1+require-pfnmap-X86_PAT, v6.1-X86_PAT+require-pfnmap",
    "v6.1+require-pfnmap+refuse-cow, v6.1+require-pfnmap+refuse-cow",
    "v6.1+require-pfnmap-require-pfnmap+refuse-cow, v6.1+refuse-cow",
  })
  void readsAndWrites(String text, String canonical) {
    KernelSpec spec = KernelSpec.parse(text, POLICIES);
    assertThat(spec).hasToString(canonical);
    assertThat(KernelSpec.parse(canonical, POLICIES)).isEqualTo(spec);
  }

  @Test
  void removesAndAddsFeatures() {
    assertThat(KernelSpec.parse("v6.18.2-X86_PAT").profile().has(Arch.X86_PAT)).isFalse();
    assertThat(KernelSpec.parse("v5.11+X86_SAVED_DIRTY").profile().has(Arch.X86_SAVED_DIRTY))
        .isTrue();
    assertThat(KernelSpec.parse("v5.11").profile().has(Arch.X86_SAVED_DIRTY)).isFalse();
  }

  @Test
  void knowsWhichReleasesWereRecorded() {
    assertThat(KernelSpec.parse("v6.1").known()).extracting(KnownKernel::recorded).isEqualTo(false);
    assertThat(KernelSpec.parse("v6.1.192").known())
        .extracting(KnownKernel::recorded)
        .isEqualTo(true);
    assertThat(KernelSpec.parse("v6.6.7").known()).isNull();
    assertThat(KnownKernel.all())
        .extracting(KnownKernel::version)
        .isSorted()
        .contains(Version.parse("v6.18.44"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "v6.1.192+X86_PTA | 'X86_PTA', did you mean 'X86_PAT'?",
        "v6.1.192-x86_pat | 'x86_pat', did you mean 'X86_PAT'?",
        "v6.1+require-pfmap | 'require-pfmap', did you mean 'require-pfnmap'?",
        "v6.1+refuse_cow | 'refuse_cow', did you mean 'refuse-cow'?",
        "v6.1+ZZZZZZZZZZZZ | no feature or policy is called 'ZZZZZZZZZZZZ'",
        "v6.1-refuse-cow | 'refuse-cow' is not installed",
        "v6.1+ | expected +FEATURE, -FEATURE or +policy instead of '+'",
        "v6.1 X86_PAT | expected +FEATURE, -FEATURE or +policy instead of ' X86_PAT'",
        "v6.1-rc1 | no feature or policy is called 'rc1'",
        "linux-6.1 | expected a release first, like v5.11",
        "v6 | 'v6' is no release",
        "v6.1.2.3 | 'v6.1.2.3' is no release",
        "v99999999999.1 | is no release",
      })
  void saysWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> KernelSpec.parse(text, POLICIES))
        .isInstanceOf(BadInput.class)
        .hasMessageStartingWith("kernel '" + text + "': ")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " v6.1", "+X86_PAT"})
  void wantsAReleaseFirst(String text) {
    assertThatThrownBy(() -> KernelSpec.parse(text))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected a release first");
  }

  @Test
  void installsPoliciesInOrder() {
    Kernel kernel = new Kernel(KernelSpec.parse("v6.1").profile());
    KernelSpec.parse("v6.1+refuse-cow", POLICIES)
        .withPolicy("require-pfnmap", POLICIES)
        .withPolicy("refuse-cow", POLICIES)
        .install(kernel);
    assertThat(kernel.log().lines()).containsExactly("refuse-cow", "require-pfnmap");
  }

  @Test
  void unknownPolicyIsSuggested() {
    assertThatThrownBy(() -> KernelSpec.parse("v6.1").withPolicy("refusecow", POLICIES))
        .isInstanceOf(BadInput.class)
        .hasMessage("no policy is called 'refusecow', did you mean 'refuse-cow'?");
  }

  /** Says that it was installed. */
  private record NamedPolicy(String name) implements Policy {
    @Override
    public String origin() {
      return "a test";
    }

    @Override
    public void install(Hooks hooks, Kernel kernel) {
      kernel.log().print(name);
    }
  }
}
