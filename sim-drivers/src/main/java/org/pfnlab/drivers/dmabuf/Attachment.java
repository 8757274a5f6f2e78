package org.pfnlab.drivers.dmabuf;

import org.jspecify.annotations.Nullable;

/** dma_buf_attachment: one device that uses a buffer. */
public final class Attachment {
  /** The device. */
  public final String importer;

  /** The exporter's own data for this device (priv). */
  public @Nullable Object exporterData;

  private final DmaBuf buffer;
  private int mapped;

  Attachment(DmaBuf buffer, String importer) {
    this.buffer = buffer;
    this.importer = importer;
  }

  /** The buffer. */
  public DmaBuf buffer() {
    return buffer;
  }

  /** How many mappings for DMA the device holds. */
  public int mapped() {
    return mapped;
  }

  void setMapped(int count) {
    mapped = count;
  }
}
