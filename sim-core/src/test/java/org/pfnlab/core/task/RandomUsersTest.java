package org.pfnlab.core.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random programs of accesses from everywhere, against {@link NaiveSpace}; every seed is told. */
class RandomUsersTest {
  private static final int PROGRAMS = 150;
  private static final int STEPS = 150;

  @ParameterizedTest
  @ValueSource(strings = {"v5.11", "v6.1.192", "v6.18.2"})
  void agreesWithTheNaiveSpace(String version) {
    boolean reuses = !version.equals("v5.11");
    for (long seed = 1; seed <= PROGRAMS; seed++) {
      new RandomUsers(version, seed, reuses).run(STEPS);
    }
  }

  @Test
  void canaryOfAnotherEraIsCaught() {
    assertThatThrownBy(
            () -> {
              for (long seed = 1; seed <= PROGRAMS; seed++) {
                new RandomUsers("v5.11", seed, true).run(STEPS);
              }
            })
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed");
  }

  @Test
  void canaryOfALeakedReferenceIsCaught() {
    RandomUsers users = new RandomUsers("v6.18.2", 1, true);
    users.run(10);
    users.leakReference();
    assertThatThrownBy(users::checkReferences).isInstanceOf(AssertionError.class);
    assertThat(users.toString()).contains("seed 1");
  }
}
