package org.pfnlab.drivers.i915;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomap.IoMapping;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.meter.Event;
import org.pfnlab.drivers.drm.DrmMm;
import org.pfnlab.drivers.kind.Bar;

/**
 * The mappable part of the global GTT: an aperture of device memory behind which objects' pages
 * appear once they are bound. The whole aperture is reserved write-combined when the driver probes,
 * which is all that x86 PAT ever hears of it.
 *
 * <p>A bound page exists once here: its content stands at the aperture's page frame while it is
 * bound and at the object's own one otherwise. Left out: fence registers and tiling, caching
 * levels, the part of the GTT that the CPU cannot reach.
 */
public final class Ggtt {
  /** Views bound. */
  public static final Event BOUND = Event.define("i915.bound", "GGTT views bound");

  /** Views unbound to make room or on demand. */
  public static final Event UNBOUND = Event.define("i915.unbound", "GGTT views unbound");

  /** Views whose user mappings were taken away. */
  public static final Event REVOKED = Event.define("i915.revoked", "i915_vma_revoke_mmap");

  private final Machine machine;
  private final Bar aperture;
  private final IoMapping ioMapping;
  private final DrmMm space;
  private final List<GgttView> bound = new ArrayList<>();

  private Ggtt(Machine machine, Bar aperture, IoMapping ioMapping) {
    this.machine = machine;
    this.aperture = aperture;
    this.ioMapping = ioMapping;
    this.space = new DrmMm(0, aperture.pages());
  }

  /** Reserves the aperture write-combined; null where the kernel says EIO because it cannot. */
  static @Nullable Ggtt probe(Machine machine, Bar aperture) {
    IoMapping mapping = IoMapping.initWc(machine.ioRemap(), aperture.base(), aperture.size());
    return mapping == null ? null : new Ggtt(machine, aperture, mapping);
  }

  /** The protection whose cache bits every mapping copies. */
  long mappingProt() {
    return ioMapping.prot();
  }

  /** The page frame of a page of the aperture. */
  long pfn(long page) {
    return aperture.pfn(page);
  }

  /** The view, if it is bound. */
  @Nullable GgttView find(I915Object object, long first, long pages) {
    for (int i = 0; i < bound.size(); i++) {
      if (bound.get(i).is(object, first, pages)) {
        return bound.get(i);
      }
    }
    return null;
  }

  /** Binds a view where there is room; null if there is none. */
  @Nullable GgttView bind(I915Object object, long first, long pages) {
    GgttView present = find(object, first, pages);
    if (present != null) {
      return present;
    }
    long at = space.insert(pages);
    if (at < 0) {
      return null;
    }
    unbindOverlapping(object, first, pages);
    GgttView view = new GgttView(object, first, pages, at);
    for (long page = 0; page < pages; page++) {
      machine.frames().copyContent(object.backingPfn(first + page), pfn(at + page));
    }
    bound.add(view);
    machine.kernel().meter.count(BOUND);
    return view;
  }

  /** Two views of one page would be two contents here, so the older one goes; i915 lets it stay. */
  private void unbindOverlapping(I915Object object, long first, long pages) {
    for (int i = bound.size() - 1; i >= 0; i--) {
      GgttView view = bound.get(i);
      if (view.object == object && view.first < first + pages && first < view.first + view.pages) {
        unbind(view);
      }
    }
  }

  /** Binds a view, unbinding others in the order in which they were bound until there is room. */
  @Nullable GgttView bindEvicting(I915Object object, long first, long pages) {
    GgttView view = bind(object, first, pages);
    while (view == null && !bound.isEmpty() && pages <= space.size()) {
      unbind(bound.get(0));
      view = bind(object, first, pages);
    }
    return view;
  }

  /** i915_gem_evict_vm: empties the aperture. */
  void evictAll() {
    while (!bound.isEmpty()) {
      unbind(bound.get(0));
    }
  }

  /** i915_vma_unbind: user mappings first, then the binding. */
  void unbind(GgttView view) {
    revoke(view);
    for (long page = 0; page < view.pages; page++) {
      machine
          .frames()
          .copyContent(pfn(view.boundAt + page), view.object.backingPfn(view.first + page));
    }
    bound.remove(view);
    space.remove(view.boundAt);
    machine.kernel().meter.count(UNBOUND);
  }

  /** i915_vma_revoke_mmap: takes exactly this view away from everybody who maps it. */
  void revoke(GgttView view) {
    if (view.userFault) {
      view.userFault = false;
      view.object.device().unmap(view.object.node(), view.first, view.pages);
      machine.kernel().meter.count(REVOKED);
    }
  }

  /** i915_gem_runtime_suspend: walks the list of views that user space may reach, and zaps all. */
  public void runtimeSuspend() {
    bound.forEach(this::revoke);
  }

  /** How many views user space may reach: the length of the userfault list. */
  public int userFaults() {
    int n = 0;
    for (GgttView view : bound) {
      n += view.userFault ? 1 : 0;
    }
    return n;
  }

  /**
   * The page frame that holds a page of an object now: in the aperture, or its own; -1: none yet.
   */
  long currentPfn(I915Object object, long page) {
    for (GgttView view : bound) {
      if (view.object == object && page >= view.first && page < view.first + view.pages) {
        return pfn(view.boundAt + page - view.first);
      }
    }
    return object.backingPfn(page);
  }

  /** Unbinds every view of an object that goes away. */
  void forget(I915Object object) {
    for (int i = bound.size() - 1; i >= 0; i--) {
      if (bound.get(i).object == object) {
        unbind(bound.get(i));
      }
    }
  }
}
