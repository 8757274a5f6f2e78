package org.pfnlab.drivers.dmabuf;

import java.util.ArrayList;
import java.util.List;
import org.pfnlab.core.mm.OpenFile;

/**
 * dma_buf: a buffer that devices and processes share. It lives as long as its file has references,
 * and every mapping through the file is one.
 */
public final class DmaBuf {
  private final DmaBufOps ops;
  private final long size;
  private final OpenFile file;
  private final Reservation reservation;

  /** The devices that use it. */
  final List<Attachment> attachments = new ArrayList<>();

  /** vmapping_counter. */
  int vmapUsers;

  DmaBuf(DmaBufOps ops, long size, OpenFile file, Reservation reservation) {
    this.ops = ops;
    this.size = size;
    this.file = file;
    this.reservation = reservation;
  }

  /** The exporter's operations. */
  public DmaBufOps ops() {
    return ops;
  }

  /** Size in bytes. */
  public long size() {
    return size;
  }

  /** Its file; the reference that export gave belongs to whoever exported. */
  public OpenFile file() {
    return file;
  }

  /** Its reservation object. */
  public Reservation reservation() {
    return reservation;
  }

  /** How many devices are attached. */
  public int attachments() {
    return attachments.size();
  }
}
