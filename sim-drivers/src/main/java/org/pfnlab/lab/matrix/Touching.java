package org.pfnlab.lab.matrix;

import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Process;

/** Loads and stores: by the process itself, by its child, and after the driver has interfered. */
final class Touching {
  private static final long NEW_WORD = 0xabc1;

  private Touching() {}

  static String load(Scene scene) {
    return scene.intact(Scene.BASE);
  }

  /** Loads first, as most programs do, so that a private page is copied and not just made. */
  static String store(Scene scene) {
    String loaded = scene.intact(Scene.BASE);
    if (!loaded.equals(Verdict.OK)) {
      return loaded;
    }
    String stored = stored(scene, 0);
    return stored.equals(Verdict.OK) ? stored(scene, Scene.PAGES - 1) : stored;
  }

  private static String stored(Scene scene, int page) {
    Outcome outcome = scene.store(scene.page(page), NEW_WORD);
    if (!(outcome instanceof Outcome.Value)) {
      return Scene.accessed(outcome);
    }
    String back = Scene.loaded(scene.load(scene.page(page)), NEW_WORD);
    return back.equals(Verdict.OK) ? scene.reached(page, NEW_WORD) : back;
  }

  static String fork(Scene scene) {
    return inChild(scene, child -> Verdict.OK);
  }

  static String childLoads(Scene scene) {
    return inChild(
        scene,
        child ->
            Scene.loaded(
                scene.machine.userAccess().loadWord(child.mm, Scene.BASE), scene.expected(0)));
  }

  /** The parent sees it if, and only if, the mapping is shared. */
  static String childStores(Scene scene) {
    return inChild(
        scene,
        child -> {
          long before = scene.expected(0);
          Outcome outcome =
              Outcome.ofAccess(
                  scene.machine.userAccess().storeWord(child.mm, Scene.BASE, NEW_WORD));
          if (!(outcome instanceof Outcome.Value)) {
            return Scene.accessed(outcome);
          }
          return Scene.loaded(scene.load(Scene.BASE), scene.shared ? NEW_WORD : before);
        });
  }

  /** What a child does. */
  private interface ChildAct {
    String of(Process child);
  }

  private static String inChild(Scene scene, ChildAct act) {
    long forked = scene.machine.syscalls().fork(scene.process);
    if (Errno.isError(forked)) {
      return Errno.name(forked);
    }
    Process child = scene.machine.processes().get((int) forked);
    String outcome = act.of(child);
    scene.machine.syscalls().exit(child);
    return outcome;
  }

  static String revoked(Scene scene) {
    long result = scene.revoke();
    if (result == -Errno.ENOTTY) {
      return Verdict.NOTHING;
    }
    return Errno.isError(result) ? Errno.name(result) : scene.intact(Scene.BASE);
  }
}
