package org.pfnlab.core.file;

import it.unimi.dsi.fastutil.longs.Long2IntMap;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.insert.PteInserter;
import org.pfnlab.core.insert.RemapPfn;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.phys.FrameHolder;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.rmap.PageMkclean;
import org.pfnlab.core.rmap.UnmapMapping;

/**
 * Objects that processes open and map, and the system calls on their descriptors. Sizes, offsets
 * and lengths are bytes; results are {@code >= 0} or -errno.
 */
public final class FileSystem implements FrameHolder {
  private static final int READ_WRITE = OpenFile.FMODE_READ | OpenFile.FMODE_WRITE;

  private final PageCache cache;
  private final Shmem shmem;
  private final RegularFiles regularFiles;
  private final SecretMemory secretMemory;
  private final ZeroDevice zeroDevice;
  private final Frames frames;
  private final FaultHandler faults;
  private final PteInserter inserter;
  private final RemapPfn remapPfn;
  private final Kernel kernel;
  private final Vdso vdso;
  private final KernelPages.Register kernelPages = new KernelPages.Register();

  /**
   * Objects whose pages are these frames, mapped by this fault handler and these inserters.
   *
   * @param readAheadPages ra_pages of the disk
   */
  public FileSystem(
      Kernel kernel,
      Frames frames,
      FaultHandler faults,
      UnmapMapping unmapMapping,
      PteInserter inserter,
      RemapPfn remapPfn,
      int readAheadPages) {
    this.kernel = kernel;
    this.frames = frames;
    this.faults = faults;
    this.inserter = inserter;
    this.remapPfn = remapPfn;
    cache = new PageCache(frames, unmapMapping, new PageMkclean(kernel, frames));
    shmem = new Shmem(kernel, cache, faults);
    regularFiles = new RegularFiles(cache, faults, new Readahead(readAheadPages));
    secretMemory = new SecretMemory(cache);
    zeroDevice = new ZeroDevice(shmem);
    vdso = new Vdso(kernel, frames, inserter);
  }

  /** Shared memory without a name. */
  public Shmem shmem() {
    return shmem;
  }

  /** What the kernel maps into every process at exec. */
  public Vdso vdso() {
    return vdso;
  }

  /** memfd_create(MFD_ALLOW_SEALING) of this size, all of it a hole. */
  public OpenFile memfd(String name, long size) {
    return shmem.memfd(name, size);
  }

  /** A new regular file of this size on a disk filesystem; nothing of it is cached. */
  public OpenFile regular(String name, long size) {
    return regularFiles.create(name, size);
  }

  /** memfd_secret of this size; kernels before v5.14 do not have it. */
  public OpenFile secret(String name, long size) {
    return secretMemory.create(name, size);
  }

  /** Opens /dev/zero. */
  public OpenFile devZero(String name) {
    return zeroDevice.open(name, READ_WRITE);
  }

  /** A BPF array that can be mapped, of this many pages. */
  public OpenFile bpfArray(String name, int pages) {
    return BpfMap.array(frames, kernelPages, inserter, pages).open(name);
  }

  /** A BPF ring buffer with this many pages of data. */
  public OpenFile bpfRing(String name, int pages) {
    return BpfMap.ring(frames, kernelPages, inserter, pages).open(name);
  }

  /** An AF_PACKET socket with a receive ring of this many one-page blocks. */
  public OpenFile packetRing(String name, int blocks) {
    return new PacketRing(frames, kernelPages, inserter, blocks).open(name);
  }

  /** A perf event with a buffer of this many pages, the control page included. */
  public OpenFile perfEvent(String name, int pages) {
    return new PerfEvent(frames, kernelPages, remapPfn, pages).open(name);
  }

  /**
   * The ring of an AIO context, which io_setup maps shared and writable into the address space that
   * asks for it.
   */
  public OpenFile aioRing(Mm owner, int pages) {
    return AioRing.create(cache, faults, owner, pages);
  }

  /** io_uring_setup with this many submission entries, a power of two. */
  public OpenFile ioUring(String name, int entries) {
    return new IoUring(kernel, frames, kernelPages, inserter, remapPfn, entries).open(name);
  }

  /** A TCP socket that is not connected. */
  public OpenFile tcpSocket(String name) {
    return new TcpSocket(frames, kernelPages).open(name);
  }

  /**
   * A new open file description of the same object (open of /proc/self/fd/N).
   *
   * @param mode {@link OpenFile#FMODE_READ} and {@link OpenFile#FMODE_WRITE} bits
   * @throws IllegalArgumentException if it has no name, as memfd_secret, or is not of this room
   */
  public OpenFile reopen(OpenFile file, int mode) {
    if (file.ops instanceof ObjectOps ops) {
      return ops.reopen(file, mode);
    }
    throw new IllegalArgumentException(file.name + " cannot be opened here");
  }

  /** pread(2): bytes read (0 at the end), -EBADF (not open for reading), -EINVAL. */
  public long pread(OpenFile file, byte[] bytes, int length, long position) {
    if (!file.canAccess(OpenFile.FMODE_READ)) {
      return -Errno.EBADF;
    }
    return position < 0 || !(file.ops instanceof ObjectOps ops)
        ? -Errno.EINVAL
        : ops.read(file, bytes, length, position);
  }

  /**
   * pwrite(2): bytes written, -EBADF (not open for writing), -EPERM (sealed), -EINVAL, -EFBIG,
   * -ENOMEM.
   */
  public long pwrite(OpenFile file, byte[] bytes, int length, long position) {
    if (!file.canAccess(OpenFile.FMODE_WRITE)) {
      return -Errno.EBADF;
    }
    if (position < 0 || !(file.ops instanceof ObjectOps ops)) {
      return -Errno.EINVAL;
    }
    return Long.compareUnsigned(position + length, ops.maxBytes()) > 0
        ? -Errno.EFBIG
        : ops.write(file, bytes, length, position);
  }

  /** ftruncate(2): 0, -EINVAL (also: not open for writing), -EPERM (sealed), -EFBIG. */
  public long truncate(OpenFile file, long size) {
    if (size < 0 || !file.canAccess(OpenFile.FMODE_WRITE) || !(file.ops instanceof ObjectOps ops)) {
      return -Errno.EINVAL;
    }
    return Long.compareUnsigned(size, ops.maxBytes()) > 0 ? -Errno.EFBIG : ops.truncate(file, size);
  }

  /**
   * fallocate(2) with FALLOC_FL_PUNCH_HOLE and FALLOC_FL_KEEP_SIZE: 0, -EINVAL, -EBADF (not open
   * for writing), -EPERM (sealed), -EFBIG, or what the object says.
   */
  public long punchHole(OpenFile file, long offset, long length) {
    if (offset < 0 || length <= 0) {
      return -Errno.EINVAL;
    }
    if (!file.canAccess(OpenFile.FMODE_WRITE)) {
      return -Errno.EBADF;
    }
    return offset + length < 0 ? -Errno.EFBIG : file.ops.punchHole(file, offset, length);
  }

  /**
   * fcntl(F_ADD_SEALS).
   *
   * @param seals {@link Shmem}'s F_SEAL_* bits
   * @return 0, -EPERM (not open for writing, or F_SEAL_SEAL is set), -EINVAL (no memfd), -EBUSY
   *     (F_SEAL_WRITE while pages can be written through a mapping or are pinned)
   */
  public long addSeals(OpenFile file, int seals) {
    return file.ops instanceof ObjectOps ops ? ops.addSeals(file, seals) : -Errno.EINVAL;
  }

  @Override
  public void addReferences(Long2IntMap references) {
    cache.addReferences(references);
    kernelPages.addReferences(references);
    vdso.addReferences(references);
  }

  /** Forgets every object, whose frames the machine has forgotten already. */
  public void reset() {
    cache.reset();
    kernelPages.reset();
    vdso.reset();
  }
}
