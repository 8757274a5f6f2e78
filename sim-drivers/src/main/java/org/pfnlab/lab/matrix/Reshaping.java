package org.pfnlab.lab.matrix;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.core.vma.Mremap;
import org.pfnlab.core.vma.Msync;

/** System calls that change the mapping, or ask the kernel to do something about its pages. */
final class Reshaping {
  private static final String NO_EFFECT = "no effect";

  private Reshaping() {}

  /** PROT_READ alone: loads go on, stores do not. */
  static String protect(Scene scene) {
    long result =
        scene
            .machine
            .syscalls()
            .mprotect(scene.process, Scene.BASE, Scene.LENGTH, MapFlags.PROT_READ);
    if (Errno.isError(result)) {
      return Errno.name(result);
    }
    String loads = Scene.loaded(scene.load(Scene.BASE), scene.expected(0));
    if (!loads.equals(Verdict.OK)) {
      return loads;
    }
    return scene.store(Scene.BASE, 0xbead) instanceof Outcome.Signal ? Verdict.OK : NO_EFFECT;
  }

  /** To twice its size, wherever there is room; the old pages must be there afterwards. */
  static String grow(Scene scene) {
    return moved(
        scene,
        scene
            .machine
            .syscalls()
            .mremap(
                scene.process,
                Scene.BASE,
                Scene.LENGTH,
                2L * Scene.LENGTH,
                Mremap.MREMAP_MAYMOVE,
                0));
  }

  /** To another place, by that address. */
  static String move(Scene scene) {
    int flags = Mremap.MREMAP_MAYMOVE | Mremap.MREMAP_FIXED;
    return moved(
        scene,
        scene
            .machine
            .syscalls()
            .mremap(scene.process, Scene.BASE, Scene.LENGTH, Scene.LENGTH, flags, Scene.ELSEWHERE));
  }

  private static String moved(Scene scene, long result) {
    return Errno.isError(result) ? Errno.name(result) : scene.intact(result);
  }

  static Operation.Act advise(int advice) {
    return scene -> {
      long result =
          scene.machine.syscalls().madvise(scene.process, Scene.BASE, Scene.LENGTH, advice);
      return Errno.isError(result) ? Errno.name(result) : scene.intact(Scene.BASE);
    };
  }

  static String discard(Scene scene) {
    return advise(Advice.MADV_DONTNEED).on(scene);
  }

  static String populate(Scene scene) {
    return advise(Advice.MADV_POPULATE_READ).on(scene);
  }

  static String lock(Scene scene) {
    return Scene.called(scene.machine.syscalls().mlock(scene.process, Scene.BASE, Scene.LENGTH));
  }

  static String sync(Scene scene) {
    return Scene.called(
        scene.machine.syscalls().msync(scene.process, Scene.BASE, Scene.LENGTH, Msync.MS_SYNC));
  }
}
