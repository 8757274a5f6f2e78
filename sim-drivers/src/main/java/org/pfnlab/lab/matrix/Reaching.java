package org.pfnlab.lab.matrix;

import java.util.Arrays;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.gup.Pins;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.RegisteredBuffers;

/** The kernel reaching for the pages behind an address: get_user_pages and its users. */
final class Reaching {
  /** No page holds this word. */
  private static final int WRONG_VALUE = 0x12345679;

  /** A pipe that takes all pages. */
  private static final int WIDE_PIPE = 256;

  /** Success without a page: v5.11 grants FOLL_PIN for special entries of mixed maps. */
  static final String NO_PAGE = "no page";

  private Reaching() {}

  /** get_user_pages. */
  static Operation.Act slow(int flags) {
    int all = GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH | flags;
    return scene -> each(scene, all, false);
  }

  /** get_user_pages_fast. */
  static Operation.Act fast(int flags) {
    return scene -> each(scene, GupFlags.FOLL_GET | flags, true);
  }

  /** pin_user_pages with FOLL_LONGTERM. */
  static Operation.Act longterm(int flags) {
    int all = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM | flags;
    return scene -> each(scene, all, false);
  }

  /** One page a call, as the kernel's test module does, until a call fails. */
  private static String each(Scene scene, int flags, boolean fast) {
    long[] pages = new long[Scene.PAGES];
    long[] one = new long[1];
    int got = 0;
    long result = 0;
    scene.mm().readLock();
    while (got < pages.length) {
      long at = scene.page(got);
      one[0] = Pins.GARBAGE;
      result =
          fast
              ? scene.machine.gupFast().get(scene.mm(), at, 1, flags, one)
              : scene.machine.gupSlow().get(scene.mm(), at, 1, flags, one);
      if (result <= 0) {
        break;
      }
      pages[got++] = one[0];
    }
    scene.mm().readUnlock();
    String seen = got == 0 ? Errno.name(result) : owners(scene, pages, got);
    // A slot that was never stored would be released as garbage, which real callers do.
    if (!seen.equals(NO_PAGE)) {
      scene.machine.pins().release(pages, got, flags, false);
    }
    return seen;
  }

  private static String owners(Scene scene, long[] pages, int got) {
    for (int page = 0; page < got; page++) {
      if (pages[page] == Pins.GARBAGE) {
        return NO_PAGE;
      }
      if (scene.machine.frames().loadWord(pages[page], 0) != scene.expected(page)) {
        return Verdict.WRONG_DATA;
      }
    }
    return Scene.share(got);
  }

  static String processVmRead(Scene scene) {
    byte[] bytes = filled(0x33);
    return scene.copied(
        scene.machine.processVm().read(scene.mm(), Scene.BASE, bytes, bytes.length), bytes);
  }

  static String processVmWrite(Scene scene) {
    byte[] bytes = filled(0x33);
    return scene.written(
        scene.machine.processVm().write(scene.mm(), Scene.BASE, bytes, bytes.length),
        0x3333_3333_3333_3333L);
  }

  static String procMemRead(Scene scene) {
    byte[] bytes = filled(0x55);
    return scene.copied(
        scene.machine.procMem().read(scene.mm(), Scene.BASE, bytes, bytes.length), bytes);
  }

  static String procMemWrite(Scene scene) {
    byte[] bytes = filled(0x55);
    return scene.written(
        scene.machine.procMem().write(scene.mm(), Scene.BASE, bytes, bytes.length),
        0x5555_5555_5555_5555L);
  }

  static String peek(Scene scene) {
    Outcome outcome = scene.machine.procMem().peek(scene.mm(), Scene.BASE);
    return Scene.loaded(outcome, scene.expected(0));
  }

  static String vmsplice(Scene scene) {
    Pipe pipe = scene.machine.pipes().create(WIDE_PIPE);
    long spliced = scene.machine.pipes().vmsplice(scene.mm(), Scene.BASE, Scene.LENGTH, pipe);
    long got = spliced;
    byte[] bytes = new byte[Scene.LENGTH];
    if (spliced > 0) {
      got = scene.machine.pipes().read(pipe, bytes, (int) spliced);
    }
    scene.machine.pipes().close(pipe);
    return scene.copied(got, bytes);
  }

  /** write(2) to a file opened with O_DIRECT. */
  static String directWrite(Scene scene) {
    byte[] file = new byte[Scene.LENGTH];
    return scene.copied(
        scene.machine.directIo().write(scene.mm(), Scene.BASE, file, file.length), file);
  }

  /** read(2) from a file opened with O_DIRECT. */
  static String directRead(Scene scene) {
    byte[] file = filled(0x66);
    return scene.written(
        scene.machine.directIo().read(scene.mm(), Scene.BASE, file, file.length),
        0x6666_6666_6666_6666L);
  }

  /** write(2), for which the CPU copies. */
  static String bufferedWrite(Scene scene) {
    byte[] file = new byte[Scene.LENGTH];
    return scene.copied(
        scene.machine.bufferedIo().write(scene.mm(), Scene.BASE, file, file.length), file);
  }

  /** The call gets as far as comparing the word. */
  static String futex(Scene scene) {
    long result = scene.machine.futexes().wait(scene.process, Scene.BASE, WRONG_VALUE, false);
    return result == -Errno.EAGAIN ? Verdict.OK : Scene.called(result);
  }

  static String register(Scene scene) {
    RegisteredBuffers buffers = scene.machine.registeredBuffers();
    RegisteredBuffers.Ring ring = buffers.setup();
    long result = buffers.register(scene.mm(), ring, Scene.BASE, Scene.LENGTH);
    buffers.close(ring);
    return Scene.called(result);
  }

  private static byte[] filled(int value) {
    byte[] bytes = new byte[Scene.LENGTH];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
