package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The canaries of {@link ResourceTree#checkInvariants}: each broken tree must be caught. */
final class TreeCheckTest {
  static Arguments[] breakages() {
    return new Arguments[] {
      broken("ends before it starts", nodes -> nodes.end[5] = nodes.start[5] - 1),
      broken("skips a level", nodes -> nodes.depth[12] = 3),
      broken("overlaps or precedes its sibling", nodes -> nodes.end[3] = nodes.start[4]),
      broken("lies outside its parent", nodes -> nodes.end[4] = nodes.end[2] + 1),
      broken("where its subtree ends", nodes -> nodes.next[10]--),
      broken("does not reach the end", nodes -> nodes.next[nodes.size - 1]--),
      broken("first level has it", nodes -> nodes.topEnd[2]++),
      broken("first level has", nodes -> nodes.tops--),
      broken("first level has", nodes -> nodes.tops++),
    };
  }

  private static Arguments broken(String message, Consumer<ResourceArrays> breakage) {
    return Arguments.of(message, breakage);
  }

  @ParameterizedTest
  @MethodSource("breakages")
  void catches(String message, Consumer<ResourceArrays> breakage) {
    ResourceTree tree = Trees.tree("v6.1", "laptop.txt");
    breakage.accept(tree.nodes());
    assertThatThrownBy(tree::checkInvariants)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(message);
  }

  @Test
  void acceptsWhatIsWhole() {
    assertThatCode(Trees.tree("v6.1", "laptop.txt")::checkInvariants).doesNotThrowAnyException();
    assertThatCode(new ResourceTree(Trees.kernel("v6.1"))::checkInvariants)
        .doesNotThrowAnyException();
  }
}
