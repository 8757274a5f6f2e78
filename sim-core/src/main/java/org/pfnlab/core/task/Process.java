package org.pfnlab.core.task;

import org.pfnlab.core.mm.Mm;

/** A process, as far as memory goes: one address space and a name. */
public final class Process {
  /** Dense id; the first process of a machine has 0. */
  public final int id;

  /** comm: what the kernel's log calls it. */
  public final String comm;

  /** Its address space; empty once it has exited. */
  public final Mm mm;

  private boolean exited;

  /** A running process. */
  public Process(int id, String comm, Mm mm) {
    this.id = id;
    this.comm = comm;
    this.mm = mm;
  }

  /** Whether it has exited. */
  public boolean hasExited() {
    return exited;
  }

  /** It exits; whoever ends it tears the address space down. */
  public void setExited() {
    exited = true;
  }

  @Override
  public String toString() {
    return "p" + id;
  }
}
