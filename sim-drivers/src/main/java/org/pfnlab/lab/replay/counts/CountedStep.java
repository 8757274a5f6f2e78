package org.pfnlab.lab.replay.counts;

import com.google.common.collect.ImmutableList;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a counted process does, in the order in which it does it: one program for every kind of
 * mapping. Steps that a recording does not name are done uncounted; those that it could name and
 * leaves out were not done.
 */
enum CountedStep {
  FORK_CONTROL("fork_control_without_mapping", CountedRun::fork),
  CHILD_EXIT_CONTROL("child_exit_control_without_mapping", CountedRun::childExits),
  STORE_OWN_PAGE(null, CountedRun::storeOwnPage),
  NULL("null", CountedRun::nothing),
  MMAP("mmap", CountedRun::mmap),
  MUNMAP_UNTOUCHED("munmap_untouched", CountedRun::munmap),
  MMAP_POPULATE("mmap_populate", CountedRun::mmapPopulate),
  MUNMAP_POPULATED("munmap_populated", CountedRun::munmap),
  MAP_AGAIN(null, CountedRun::mmap),
  LOAD("touch_load", CountedRun::load),
  LOAD_AGAIN("touch_load_again", CountedRun::load),
  STORE("touch_store", CountedRun::store),
  STORE_AGAIN("touch_store_again", CountedRun::store),
  VMSPLICE("vmsplice", CountedRun::vmsplice),
  CLOSE_PIPES(null, CountedRun::closePipes),
  GET_FAST("gup_test_gup_fast", CountedRun::getFast),
  PIN_FAST("gup_test_pin_fast_write", CountedRun::pinFastForWriting),
  PROCESS_VM_READ("process_vm_readv", CountedRun::processVmRead),
  DIRECT_WRITE("odirect_write", CountedRun::directWrite),
  FORK("fork", CountedRun::fork),
  CHILD_EXIT("child_exit_untouched", CountedRun::childExits),
  STORE_OWN_PAGE_AGAIN(null, CountedRun::storeOwnPage),
  LOAD_AFTER_FORK("touch_load_after_fork", CountedRun::load),
  STORE_AFTER_FORK("touch_store_after_fork", CountedRun::store),
  PROTECT_READ_ONLY("mprotect_r", CountedRun::protectReadOnly),
  PROTECT_READ_WRITE("mprotect_rw", CountedRun::protectReadWrite),
  STORE_AFTER_PROTECT("touch_store_after_mprotect", CountedRun::store),
  DONTNEED("madvise_dontneed", CountedRun::dontNeed),
  LOAD_AFTER_DONTNEED("touch_load_after_dontneed", CountedRun::load),
  MOVE("mremap_move", CountedRun::move),
  MUNMAP("munmap", CountedRun::munmap),
  MAP_FOR_REVOKE(null, CountedRun::mmap),
  LOAD_FOR_REVOKE(null, CountedRun::load),
  STORE_FOR_REVOKE(null, CountedRun::store),
  REVOKE("revoke_even_cows", CountedRun::revoke),
  LOAD_AFTER_REVOKE("touch_load_after_revoke", CountedRun::load),
  MUNMAP_AFTER_REVOKE("munmap_after_revoke", CountedRun::munmap);

  private static final ImmutableList<CountedStep> ORDER = ImmutableList.copyOf(values());

  private final @Nullable String recorded;

  @SuppressWarnings("ImmutableEnumChecker") // method references of CountedRun, which hold nothing
  private final ToLongFunction<CountedRun> action;

  CountedStep(@Nullable String recorded, ToLongFunction<CountedRun> action) {
    this.recorded = recorded;
    this.action = action;
  }

  /** The step with this name in recordings, or null. */
  static @Nullable CountedStep named(String name) {
    for (CountedStep step : values()) {
      if (name.equals(step.recorded)) {
        return step;
      }
    }
    return null;
  }

  /** Its name in recordings; steps without one are never counted. */
  @Nullable String recordedName() {
    return recorded;
  }

  /** How many steps come before it. */
  int position() {
    return ORDER.indexOf(this);
  }

  /** The step that so many others come before. */
  static CountedStep at(int position) {
    return ORDER.get(position);
  }

  /** Whether recordings count it. */
  boolean isRecorded() {
    return recorded != null;
  }

  /** The step whose counts are subtracted, because they are the process's own; or null. */
  @Nullable CountedStep control() {
    return switch (this) {
      case FORK -> FORK_CONTROL;
      case CHILD_EXIT -> CHILD_EXIT_CONTROL;
      default -> null;
    };
  }

  /** Whether its counts are only there to be subtracted from another step's. */
  boolean isControl() {
    return this == FORK_CONTROL || this == CHILD_EXIT_CONTROL;
  }

  /** Whether another process does it, whose calls are not counted. */
  boolean isAnotherProcess() {
    return this == CHILD_EXIT || this == CHILD_EXIT_CONTROL;
  }

  /**
   * Does it.
   *
   * @return what the program notes: a result, a number of pages, or -errno
   */
  long run(CountedRun run) {
    return action.applyAsLong(run);
  }
}
