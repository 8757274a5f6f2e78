package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.mm.AddressSpace;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.phys.PageBytes;
import org.pfnlab.core.rmap.PageMkclean;
import org.pfnlab.core.rmap.UnmapMapping;

/** The page caches of all living objects: where their pages come from and who unmaps them. */
final class PageCache implements FrameHolder {
  final Frames frames;
  final PageBytes bytes;
  final UnmapMapping unmapMapping;
  final PageMkclean mkclean;
  private final List<PageCacheFile> objects = new ArrayList<>();

  /** A cache without objects. */
  PageCache(Frames frames, UnmapMapping unmapMapping, PageMkclean mkclean) {
    this.frames = frames;
    this.bytes = new PageBytes(frames);
    this.unmapMapping = unmapMapping;
    this.mkclean = mkclean;
  }

  /** A new object of this size in bytes, all of it a hole. */
  PageCacheFile create(AddressSpace mapping, long size, int pageFlags) {
    PageCacheFile object = new PageCacheFile(this, mapping, size, pageFlags);
    objects.add(object);
    return object;
  }

  /** The last open file of an object is closed. */
  void remove(PageCacheFile object) {
    objects.remove(object);
  }

  @Override
  public void addReferences(Long2IntMap references) {
    for (PageCacheFile object : objects) {
      object.addReferences(references);
    }
  }

  /** Forgets every object, whose frames the machine has forgotten already. */
  void reset() {
    objects.clear();
  }
}
