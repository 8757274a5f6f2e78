package org.pfnlab.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.KernelBug;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.task.Process;
import org.pfnlab.drivers.drm.DumbBuffer;
import org.pfnlab.drivers.i915.I915Object;
import org.pfnlab.drivers.kind.Device;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.ttm.MemType;
import org.pfnlab.drivers.ttm.TtmBo;

/**
 * Programs of random steps on two objects of every kind, held against an array of words: what a
 * shared mapping reads is what was last stored, however often the driver moved or revoked the
 * object. All invariants are recounted after every step.
 *
 * <p>Mappings lose their tail only: several drivers count pages from a VMA's start, and then map
 * the wrong ones once its head is gone.
 */
class RandomDriverProgramTest {
  private static final int PAGES = 24;
  private static final int STEPS = 40;

  /** What is left of a driver's mapping once it was revoked, if the driver fills at mmap only. */
  private static final String GONE = "SIGBUS/BUS_ADRERR";

  static Stream<String> programs() {
    List<String> programs = new ArrayList<>();
    for (Kind kind : KindCatalog.standard().kinds()) {
      if (!kind.name().endsWith("_cow")) {
        for (String kernel : ImmutableList.of("v5.11", "v6.1.192", "v6.18.2")) {
          programs.add(kernel + " " + kind.name());
        }
      }
    }
    return programs.stream();
  }

  @ParameterizedTest
  @MethodSource("programs")
  void agreesWithAnArrayOfWords(String program) {
    int space = program.indexOf(' ');
    for (long seed = 1; seed <= 2; seed++) {
      new Program(program.substring(0, space), program.substring(space + 1), seed).run(0);
    }
  }

  /** Canary: a word changed behind the program's back is noticed. */
  @Test
  void noticesAWrongWord() {
    assertThatThrownBy(() -> new Program("v6.1.192", "bochs_dumb", 1).run(1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("seed 1");
  }

  /** Several drivers insert raw frames and do not refuse MAP_PRIVATE: touching one is a BUG. */
  private static boolean survivesPrivateMapping(String kernel, String kind) {
    Rig rig = Rig.boot(kernel);
    ObjectUnderTest object = KindCatalog.standard().find(kind).on(rig.machine).open(PAGES);
    if (object.errno() == 0) {
      long at = rig.map(object, PAGES, Rig.RW, Rig.PRIVATE);
      try {
        if (!Errno.isError(at)) {
          rig.load(at);
        }
      } catch (KernelBug bug) {
        return false;
      }
    }
    return true;
  }

  private static final class Mapping {
    final Target target;
    final long at;
    final boolean shared;
    final Long[] own = new Long[PAGES];
    int pages = PAGES;

    Mapping(Target target, long at, boolean shared) {
      this.target = target;
      this.at = at;
      this.shared = shared;
    }
  }

  private static final class Target {
    final ObjectUnderTest object;
    final long[] words = new long[PAGES];
    boolean revoked;
    boolean closed;

    Target(ObjectUnderTest object) {
      this.object = object;
    }
  }

  private static final class Program {
    private final Rig rig;
    private final String name;
    private final SplittableRandom random;
    private final List<Target> targets = new ArrayList<>();
    private final List<Mapping> mappings = new ArrayList<>();
    private final boolean mayCopy;
    private String step = "";

    Program(String kernel, String kind, long seed) {
      rig = Rig.boot(kernel);
      mayCopy = survivesPrivateMapping(kernel, kind);
      name = kernel + " " + kind + " seed " + seed;
      random = new SplittableRandom(seed * 31 + kind.hashCode());
      Device device = KindCatalog.standard().find(kind).on(rig.machine);
      for (int i = 0; i < 2; i++) {
        ObjectUnderTest object = device.open(PAGES);
        if (object.errno() == 0) {
          targets.add(new Target(object));
        }
      }
    }

    void run(int corruptions) {
      boolean oneMemory = targets.isEmpty() || sharesMemory();
      if (oneMemory && !targets.isEmpty()) {
        targets.remove(1);
      }
      for (int i = 0; i < STEPS && !targets.isEmpty(); i++) {
        step(random.nextInt(12), targets.get(random.nextInt(targets.size())));
        if (corruptions > 0 && i > 5) {
          targets.forEach(target -> target.words[random.nextInt(PAGES)]++);
        }
        rig.check();
      }
    }

    /** All objects of the test module that lie in system memory are the same pages. */
    private boolean sharesMemory() {
      return name.contains(" devmem_system_ram")
          || (name.contains(" mod_") && name.contains("_sys_"));
    }

    private void step(int what, Target target) {
      Mapping mapping = mappings.isEmpty() ? null : mappings.get(random.nextInt(mappings.size()));
      int page = mapping == null ? 0 : random.nextInt(mapping.pages);
      step = name + " " + what + " page " + page;
      if (mapping == null || (what == 0 && mappings.size() < 6)) {
        map(target);
      } else if (what <= 4) {
        load(mapping, page);
      } else if (what <= 7) {
        store(mapping, page);
      } else if (what == 8) {
        trim(mapping);
      } else if (what == 9) {
        takeAway(mapping.target);
      } else if (what == 10) {
        forkAndExit(mapping, page);
      } else if (random.nextInt(6) == 0 && !target.closed) {
        target.closed = true;
        target.object.close();
      }
    }

    private void map(Target target) {
      boolean shared = random.nextInt(3) > 0 || !mayCopy;
      if (target.closed) {
        return;
      }
      long at = rig.map(target.object, PAGES, Rig.RW, shared ? Rig.SHARED : Rig.PRIVATE);
      if (!Errno.isError(at)) {
        mappings.add(new Mapping(target, at, shared));
      }
    }

    private void load(Mapping mapping, int page) {
      String got = rig.load(mapping.at + page * 4096L);
      if (got.equals(GONE) && mapping.target.revoked) {
        return;
      }
      Long own = mapping.own[page];
      long want = own != null ? own : mapping.target.words[page];
      assertThat(got).as(step).isEqualTo(Long.toHexString(want));
    }

    private void store(Mapping mapping, int page) {
      long value = random.nextLong();
      String got = rig.store(mapping.at + page * 4096L, value);
      if (got.equals(GONE) && mapping.target.revoked) {
        return;
      }
      assertThat(got).as(step).isEqualTo("ok");
      if (mapping.shared) {
        mapping.target.words[page] = value;
        if (!mapping.target.closed) {
          assertThat(mapping.target.object.word(page)).as(step).isEqualTo(value);
        }
      } else {
        mapping.own[page] = value;
      }
    }

    private void trim(Mapping mapping) {
      int keep = random.nextInt(mapping.pages + 1);
      rig.munmap(mapping.at + keep * 4096L, mapping.pages - keep);
      mapping.pages = keep;
      if (keep == 0) {
        mappings.remove(mapping);
      }
    }

    private void takeAway(Target target) {
      if (target.object instanceof DumbBuffer buffer && !target.closed) {
        if (buffer.object() instanceof TtmBo bo) {
          bo.move(bo.placement() == MemType.VRAM ? MemType.SYSTEM : MemType.VRAM);
        } else if (buffer.object() instanceof I915Object object) {
          object.i915().ggtt().runtimeSuspend();
        }
      } else if (target.object.revoke(random.nextBoolean()) == 0) {
        // The toy GPU revokes through its device file, and so every object of it.
        targets.forEach(each -> each.revoked = true);
      }
      mappings.forEach(this::forgetLostCopies);
    }

    /** A private copy is lost if its entry is gone. */
    private void forgetLostCopies(Mapping mapping) {
      for (int page = 0; page < mapping.pages; page++) {
        if (Pte.none(rig.pte(mapping.at + page * 4096L))) {
          mapping.own[page] = null;
        }
      }
    }

    private void forkAndExit(Mapping mapping, int page) {
      long child = rig.machine.syscalls().fork(rig.process);
      if (child < 0) {
        assertThat(Errno.name(child)).as(step).isEqualTo("ENOMEM");
        return;
      }
      Process parent = rig.process;
      Long own = mapping.own[page];
      rig.process = rig.machine.processes().get((int) child);
      load(mapping, page);
      store(mapping, page);
      rig.check();
      rig.machine.syscalls().exit(rig.process);
      rig.process = parent;
      mapping.own[page] = own;
    }
  }
}
