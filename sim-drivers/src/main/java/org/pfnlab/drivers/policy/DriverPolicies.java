package org.pfnlab.drivers.policy;

import com.google.common.collect.ImmutableList;
import java.util.function.BiConsumer;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Hooks;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.vma.Mmap;
import org.pfnlab.drivers.dmabuf.DmaBufs;
import org.pfnlab.drivers.heap.CmaHeap;
import org.pfnlab.drivers.heap.SystemHeap;
import org.pfnlab.drivers.udmabuf.Udmabuf;

/** The policies that the bundled drivers offer. */
public final class DriverPolicies {
  private static final String DMA_BUF_MMAP = "dma_buf_mmap_internal";

  private static final ImmutableList<Policy> ALL =
      ImmutableList.of(
          new Rule(
              "dmabuf-warn-special",
              "RFC of 3 Feb 2021 (D. Vetter): WARN_ON unless the exporter's mmap left one of VM_IO,"
                  + " VM_DONTEXPAND, VM_PFNMAP, VM_MIXEDMAP; dropped because VM_MIXEDMAP admits"
                  + " vm_insert_page",
              (hooks, kernel) -> warnUnless(hooks, kernel, VmFlags.VM_SPECIAL, "VM_SPECIAL")),
          new Rule(
              "dmabuf-require-special",
              "the RFC of 3 Feb 2021 as a refusal: EINVAL instead of a warning, which nobody"
                  + " proposed",
              (hooks, kernel) -> refuseUnless(hooks, VmFlags.VM_SPECIAL)),
          new Rule(
              "dmabuf-warn-pfnmap",
              "RFC v2 of 5 Feb 2021 to v3 of 22 Nov 2022 (D. Vetter): WARN_ON unless the exporter's"
                  + " mmap left VM_PFNMAP, also if it failed; never merged",
              (hooks, kernel) -> warnUnless(hooks, kernel, VmFlags.VM_PFNMAP, "VM_PFNMAP")),
          new Rule(
              "dmabuf-require-pfnmap",
              "the rule of 2021 as a refusal: EINVAL unless the exporter's mmap left VM_PFNMAP; the"
                  + " thread proposed a warning only",
              (hooks, kernel) -> refuseUnless(hooks, VmFlags.VM_PFNMAP)),
          new Rule(
              "dmabuf-refuse-cow",
              "what Hellstrom asked for on 24 Feb 2021, in the dma-buf core: EINVAL for mappings"
                  + " that could be copied on write, before the exporter is asked",
              (hooks, kernel) ->
                  hooks.on(
                      DmaBufs.BEFORE_EXPORTER_MMAP, vma -> vma.isCowMapping() ? -Errno.EINVAL : 0)),
          new Rule(
              "refuse-private-driver-mmap",
              "MAP_PRIVATE of driver memory does not work at all (Konig, 25 Feb 2021): EINVAL for"
                  + " VM_PFNMAP and VM_MIXEDMAP mappings that could be copied on write, of any"
                  + " driver",
              (hooks, kernel) ->
                  hooks.on(
                      Mmap.AFTER_DRIVER_MMAP,
                      vma -> isPrivateDriverMemory(vma) ? -Errno.EINVAL : 0)),
          new Rule(
              "heap-vm-insert-page",
              "the patch of 28 Jan 2021 that began the thread (S. Baghdasaryan): the system heap"
                  + " maps its pages with vm_insert_page, so that they are counted in rss",
              (hooks, kernel) -> hooks.on(SystemHeap.PAGE_MAPPING, () -> true)),
          new Rule(
              "cma-udmabuf-pfnmap",
              "what v6.8 (T.J. Mercier) and v6.11 (V. Kasireddy) did, on earlier kernels: the CMA"
                  + " heap and udmabuf are VM_PFNMAP and insert raw frames",
              (hooks, kernel) -> {
                hooks.on(CmaHeap.PAGE_MAPPING, () -> true);
                hooks.on(Udmabuf.PAGE_MAPPING, () -> true);
              }));

  private DriverPolicies() {}

  /** All of them. */
  public static ImmutableList<Policy> all() {
    return ALL;
  }

  private static void warnUnless(Hooks hooks, Kernel kernel, long anyOf, String name) {
    hooks.on(
        DmaBufs.AFTER_EXPORTER_MMAP,
        (vma, result) -> {
          if (!vma.hasAny(anyOf)) {
            kernel.log().warn(DMA_BUF_MMAP, "a dma-buf mapping is not " + name);
          }
          return result;
        });
  }

  private static void refuseUnless(Hooks hooks, long anyOf) {
    hooks.on(
        DmaBufs.AFTER_EXPORTER_MMAP,
        (vma, result) -> result == 0 && !vma.hasAny(anyOf) ? -Errno.EINVAL : result);
  }

  private static boolean isPrivateDriverMemory(Vma vma) {
    return vma.isCowMapping() && vma.hasAny(VmFlags.VM_PFNMAP | VmFlags.VM_MIXEDMAP);
  }

  private record Rule(String name, String origin, BiConsumer<Hooks, Kernel> installer)
      implements Policy {
    @Override
    public void install(Hooks hooks, Kernel kernel) {
      installer.accept(hooks, kernel);
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
