package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which VMAs join and which fall apart, as pictures of the address space: one letter a VMA. */
class MergeAndSplitTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # neighbours that are alike join, from the left, from the right, and both
          map 0 4 rw; map 4 4 rw                                      | AAAAAAAA
          map 4 4 rw; map 0 4 rw                                      | AAAAAAAA
          map 0 2 rw; map 4 2 rw; map 2 2 rw                          | AAAAAA
          map 0 2 rw; map 3 2 rw                                      | AA.BB
          # flags keep apart: protection, accounting, sharing
          map 0 2 rw; map 2 2 r                                       | AABB
          map 0 2 rw; map 2 2 rw noreserve                            | AABB
          map 0 2 rw; map 2 2 rw shared                               | AABB
          # two shared anonymous objects never join
          map 0 2 rw shared; map 2 2 rw shared                        | AABB
          # mprotect splits, and joins again when the flags are back
          map 0 6 rw; protect 2 2 r                                   | AABBCC
          map 0 6 rw; store 0; protect 2 2 r; protect 2 2 rw          | AAAAAA
          map 0 4 rw; protect 0 2 r                                   | AABB
          map 0 4 rw; protect 2 2 r                                   | AABB
          # shared memory keeps one object through a split, so it joins again
          map 0 6 rw shared; protect 2 2 r; protect 2 2 rw            | AAAAAA
          # munmap splits for ever unless the hole is filled
          map 0 6 rw; unmap 2 2                                       | AA..BB
          map 0 6 rw; unmap 2 2; map 2 2 rw                           | AAAAAA
          map 0 6 rw; unmap 0 1; unmap 5 1                            | .AAAA
          # a mapping over pieces of several
          map 0 3 rw; map 4 3 r; map 2 3 rx                           | AABBBCC
          # pages written on both sides apart belong to different anon_vmas
          map 0 2 rw; map 3 2 rw; store 0; store 3; map 2 1 rw        | AAABB
          # the first write adopts a neighbour's anon_vma, whatever the protection
          map 0 2 rw; map 2 2 r; store 0; protect 2 2 rw              | AAAA
          """)
  void neighbours(String script, String picture) {
    for (String kernel : new String[] {"v5.11", "v6.1.192", "v6.18.2", "v6.18.44"}) {
      assertThat(SmallScript.run(kernel, script).picture(0)).as(kernel).isEqualTo(picture);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # an unfaulted neighbour takes in a faulted range only since v6.16
          v6.1.192 | map 0 2 rw; map 2 2 r; protect 2 2 rw; unmap 0 2; store 2; map 0 2 rw | AAAA
          v6.1.192 | map 2 2 rw; store 2; protect 2 2 r; map 0 2 rw; protect 2 2 rw        | AABB
          v6.18.2  | map 2 2 rw; store 2; protect 2 2 r; map 0 2 rw; protect 2 2 rw        | AAAA
          # memory made read-only before its first write gives back its accounting since v6.7
          v6.1.192 | map 0 2 r; map 2 2 rw; protect 2 2 r                                  | AABB
          v6.18.2  | map 0 2 r; map 2 2 rw; protect 2 2 r                                  | AAAA
          v6.18.2  | map 0 2 r; map 2 2 rw; store 2; protect 2 2 r                         | AABB
          """)
  void erasDiffer(String kernel, String script, String picture) {
    assertThat(SmallScript.run(kernel, script).picture(0)).isEqualTo(picture);
  }

  @Test
  void theParentTakesInAStrangerAfterForkTheChildDoesNot() {
    SmallScript run =
        SmallScript.run("v6.18.2", "map 0 2 rw; store 0; fork; 0: map 2 2 rw; 1: map 2 2 rw");
    assertThat(run.picture(0)).isEqualTo("AAAA");
    assertThat(run.picture(1)).isEqualTo("AABB");
  }

  @Test
  void piecesSplitBeforeForkJoinAgainInTheParentOnly() {
    SmallScript run =
        SmallScript.run(
            "v6.18.2",
            "map 0 4 rw; store 0; store 2; protect 2 2 r; fork; 0: protect 2 2 rw; 1: protect 2 2 rw");
    assertThat(run.picture(0)).isEqualTo("AAAA");
    assertThat(run.picture(1)).isEqualTo("AABB");
  }

  @Test
  void mprotectChangesWhatLiesBeforeAHole() {
    SmallScript run = SmallScript.run("v6.18.2", "map 0 2 rw; map 3 2 rw; protect 1 4 r");
    assertThat(run.result()).isEqualTo("ENOMEM");
    assertThat(run.picture(0)).isEqualTo("AB.CC");
  }
}
