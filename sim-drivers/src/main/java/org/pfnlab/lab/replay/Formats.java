package org.pfnlab.lab.replay;

import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Path;
import org.pfnlab.core.fault.HugeFaults;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.lab.recording.BootSettings;
import org.pfnlab.lab.recording.Line;
import org.pfnlab.lab.recording.Surroundings;
import org.pfnlab.lab.replay.battery.BatteryReplay;
import org.pfnlab.lab.replay.battery.DmaMmapReplay;
import org.pfnlab.lab.replay.battery.MemtypeReplay;
import org.pfnlab.lab.replay.counts.CountsReplay;
import org.pfnlab.lab.replay.counts.ResourceTreeReplay;
import org.pfnlab.lab.replay.process.MachinePool;
import org.pfnlab.lab.replay.process.ProcessReplays;
import org.pfnlab.lab.spec.KernelSpec;
import org.pfnlab.lab.spec.PolicyCatalog;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.Replayer;

/** Tells by its first line what a recording is, and who replays it. */
final class Formats {
  /** The tests that {@link MemtypeReplay} takes. */
  private static final ImmutableSet<String> MEMTYPE_TESTS = ImmutableSet.of("pair", "life");

  private Formats() {}

  /**
   * The replayer for a recording, which has not seen the first line unless that is a header.
   *
   * @throws org.pfnlab.lab.BadInput if the first line is none that a recording begins with
   */
  static Opened open(Path path, Line first, Contest contest, MachinePool machines)
      throws IOException {
    if (first.text("op", "").equals("meta")) {
      KernelSpec kernel = contest.kernelFor(ProcessReplays.recordedOn(first));
      Judge judge = new Judge(kernel.toString(), contest.stopAtFirst());
      return new Opened(ProcessReplays.of(first, kernel, judge, machines), true);
    }
    if (first.has("header")) {
      return counts(path, first, contest);
    }
    if (DmaMmapReplay.takes(first)) {
      return driverRecording(path, first, contest);
    }
    if (first.has("test")) {
      return MEMTYPE_TESTS.contains(first.text("test"))
          ? driverRecording(path, first, contest)
          : notYet(contest, "test " + first.text("test"), false);
    }
    if (first.has("placement") || (first.has("kind") && first.has("op"))) {
      return driverRecording(path, first, contest);
    }
    throw first.bad(
        "expected the first line of a recording: {\"op\":\"meta\",...}, or a case with \"kind\" and"
            + " \"op\"");
  }

  private static Opened counts(Path path, Line first, Contest contest) throws IOException {
    Ground ground = Ground.of(path, first, contest);
    return new Opened(new CountsReplay(first, ground.config, ground.judge), true);
  }

  private static Opened driverRecording(Path path, Line first, Contest contest) throws IOException {
    Ground ground = Ground.of(path, first, contest);
    return new Opened(driverReplayer(first, ground.config, ground.judge), false);
  }

  private static Replayer driverReplayer(Line first, MachineConfig config, Judge judge) {
    if (first.has("placement")) {
      return new ResourceTreeReplay(config, judge);
    }
    if (DmaMmapReplay.takes(first)) {
      return new DmaMmapReplay(config, judge);
    }
    return first.has("test") ? new MemtypeReplay(config, judge) : new BatteryReplay(config, judge);
  }

  /** The machine that a driver's recording is about, as the files beside it describe it. */
  private record Ground(MachineConfig config, Judge judge) {
    static Ground of(Path path, Line first, Contest contest) throws IOException {
      Surroundings around = Surroundings.of(path, first.file());
      KernelSpec spec = contest.kernel();
      Version release = spec == null ? around.release() : spec.profile().version();
      KernelSpec kernel = asBooted(contest.kernelFor(release), path, first);
      if (spec == null) {
        for (Policy policy : Surroundings.policies(path)) {
          kernel = kernel.withPolicy(policy.name(), PolicyCatalog.standard());
        }
      }
      MachineConfig config =
          around.machine(MachineConfig.of(kernel.profile()).withPolicies(kernel.policies()));
      return new Ground(config, new Judge(kernel.toString(), contest.stopAtFirst()));
    }
  }

  /** The kernel with the settings of the boot; only some kernels can show them. */
  private static KernelSpec asBooted(KernelSpec kernel, Path path, Line first) throws IOException {
    return kernel.profile().has(Arch.ARCH_SUPPORTS_HUGE_PFNMAP)
            && BootSettings.isThpAlways(path, first.file())
        ? kernel.with(HugeFaults.THP_ALWAYS)
        : kernel;
  }

  private static Opened notYet(Contest contest, String what, boolean header) {
    Judge judge = new Judge("", contest.stopAtFirst());
    return new Opened(
        new Replayer() {
          @Override
          public void replay(Line line) {
            judge.cannotJudge(what);
          }

          @Override
          public Judge judge() {
            return judge;
          }
        },
        header);
  }

  /**
   * A replayer that is ready.
   *
   * @param replayer takes the lines
   * @param tookFirst whether the first line was a header and is done
   */
  record Opened(Replayer replayer, boolean tookFirst) {}
}
