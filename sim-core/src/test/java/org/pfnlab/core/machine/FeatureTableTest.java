package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.core.iomem.IomemFeatures;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.kernel.KernelHang;
import org.pfnlab.core.kernel.KernelProfile;

/**
 * Every difference between kernels that the memory model knows, from both sides: a small program
 * with one answer where the kernel has the feature, and another where it has not.
 */
class FeatureTableTest {
  /** Features without a row, each with the reason. */
  private static final ImmutableMap<String, String> ELSEWHERE =
      ImmutableMap.<String, String>builder()
          .put(
              "ANON_VMA_NUM_CHILDREN",
              "which anon_vma a grandchild reuses is seen by later merges only: MergeAndSplitTest")
          .put(
              "FAULT_AROUND_LOOKS_FIRST",
              "how often functions run, not what they do: recorded counts")
          .put("IOMEM_CACHES_TOP", "a proposal about cost, not about results: RamTestShortcutsTest")
          .put("IOMEM_RAM_INDEX", "a proposal about cost, not about results: RamTestShortcutsTest")
          .put("MADVISE_LIMIT_IS_EAGAIN", "takes 65530 VMAs: AdviceTest")
          .put("MEMTYPE_ERASE_EXACT", "a rule of the memtype tree: MemtypesTest")
          .put(
              "PAT_ASKS_STRUCT_PAGE",
              "a proposal about cost, not about results: StructPageLookupTest")
          .put("X86_GBPAGES", "the kernel's own direct map: SetMemoryTest")
          .buildOrThrow();

  /**
   * A row.
   *
   * @param kernel the rest of the kernel
   * @param with the program's answer where the feature is
   * @param without its answer where it is not
   */
  record Row(
      Feature feature,
      String kernel,
      String with,
      String without,
      Function<FeatureWorld, Object> program) {

    String answer(KernelProfile profile) {
      try {
        return String.valueOf(program.apply(new FeatureWorld(profile)));
      } catch (KernelBug | KernelHang fate) {
        return fate.getClass().getSimpleName();
      }
    }

    @Override
    public String toString() {
      return feature + " on " + kernel;
    }
  }

  static List<Row> rows() {
    return Stream.of(FaultAndGupFeatures.rows(), MemoryFeatures.rows(), VmaFeatures.rows())
        .flatMap(rows -> rows)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void bothSides(Row row) {
    KernelProfile kernel = KnownFeatures.profile(row.kernel);
    assertThat(row.answer(kernel.with(row.feature))).as("with").isEqualTo(row.with);
    assertThat(row.answer(kernel.without(row.feature))).as("without").isEqualTo(row.without);
    assertThat(row.with).as("a program that tells them apart").isNotEqualTo(row.without);
  }

  @Test
  void everyFeatureHasARowOrAReason() {
    Set<String> missing = new TreeSet<>();
    KnownFeatures.all().forEach(feature -> missing.add(feature.name()));
    rows().forEach(row -> missing.remove(row.feature.name()));
    missing.removeAll(ELSEWHERE.keySet());
    missing.removeAll(ofTheResourceTree());
    assertThat(missing).as("features that no row tells apart").isEmpty();
  }

  @Test
  void noReasonIsOutOfDate() {
    ImmutableSet<String> known =
        KnownFeatures.all().stream().map(Feature::name).collect(ImmutableSet.toImmutableSet());
    ImmutableSet<String> inRows =
        rows().stream()
            .map(row -> row.feature.name())
            .collect(Collectors.collectingAndThen(Collectors.toSet(), ImmutableSet::copyOf));
    assertThat(known).containsAll(ELSEWHERE.keySet());
    assertThat(inRows).doesNotContainAnyElementsOf(ELSEWHERE.keySet());
  }

  /** The resource tree's eras have tests of their own, ResourceWalkTest and RegionChecksTest. */
  private static ImmutableSet<String> ofTheResourceTree() {
    return Stream.of(IomemFeatures.class.getFields())
        .map(
            field -> {
              try {
                return ((Feature) field.get(null)).name();
              } catch (IllegalAccessException e) {
                throw new IllegalStateException(field.toString(), e);
              }
            })
        .collect(ImmutableSet.toImmutableSet());
  }
}
