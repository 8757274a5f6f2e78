package org.pfnlab.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark starts and finishes; nothing is measured here. */
class BenchmarksStartTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        CowFault.class,
        FaultsAmongVmas.class,
        ForkOfMany.class,
        MachineReset.class,
        MapUnmap.class,
        MinorFault.class,
        PfnInsertion.class,
        ReplayOfRecordings.class,
        ResourceWalk.class,
        SplitInThree.class,
        VmaLookup.class,
      })
  void starts(Class<?> benchmark) throws RunnerException {
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(benchmark.getName())
        .forks(0)
        .warmupIterations(0)
        .measurementIterations(1)
        .measurementTime(TimeValue.milliseconds(1))
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
    if (benchmark == PfnInsertion.class || benchmark == ResourceWalk.class) {
      options.param("resources", "16");
    }
    if (benchmark == PfnInsertion.class || benchmark == ForkOfMany.class) {
      options.param("pages", "512");
    }
    if (benchmark == SplitInThree.class || benchmark == VmaLookup.class) {
      options.param("vmas", "1000");
    }
    assertThat(new Runner(options.build()).run()).isNotEmpty();
  }
}
