package org.pfnlab.drivers.udmabuf;

import com.google.common.collect.ImmutableList;
import org.pfnlab.core.file.FileSystem;
import org.pfnlab.core.file.Shmem;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.drivers.dmabuf.DmaBuf;
import org.pfnlab.drivers.dmabuf.DmaBufObject;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.kind.Kind;
import org.pfnlab.drivers.kind.ObjectUnderTest;

/** The kind of udmabuf. */
public final class UdmabufKinds {
  private static final ImmutableList<Kind> ALL =
      ImmutableList.of(
          new Kind(
              "udmabuf",
              "memfd pages as a dma-buf: pages handed back by the fault handler, since v6.11"
                  + " vmf_insert_pfn",
              "udmabuf_vm_fault",
              ImmutableList.of(
                  Udmabuf.UDMABUF_PFNMAP,
                  Udmabuf.UDMABUF_PINS,
                  Udmabuf.UDMABUF_PREFAULTS,
                  Udmabuf.UDMABUF_FAULT_BOUNDS,
                  Udmabuf.UDMABUF_DENIES_FUTURE_WRITE),
              (machine, placement) -> {
                Udmabuf device = new Udmabuf(machine, new DmaBufs(machine.kernel()));
                return pages -> open(machine, device, pages);
              }));

  private UdmabufKinds() {}

  /** All of them. */
  public static ImmutableList<Kind> all() {
    return ALL;
  }

  private static ObjectUnderTest open(Machine machine, Udmabuf device, long pages) {
    FileSystem files = machine.files();
    OpenFile memfd = files.memfd("u", pages << 12);
    files.addSeals(memfd, Shmem.F_SEAL_SHRINK);
    Udmabuf.Created created = device.create(memfd, 0, pages << 12);
    if (created instanceof Udmabuf.Created.Buffer made) {
      DmaBuf buffer = made.dmaBuf();
      long[] pfns = ((UdmabufBuffer) buffer.ops()).pfns();
      return new DmaBufObject(machine, buffer, page -> pfns[(int) page], memfd::put);
    }
    memfd.put();
    return ObjectUnderTest.refused(((Udmabuf.Created.Refused) created).errno());
  }
}
