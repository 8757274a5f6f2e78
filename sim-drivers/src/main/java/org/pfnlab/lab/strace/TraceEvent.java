package org.pfnlab.lab.strace;

/** What a line of a trace tells, in the order of the lines. */
public sealed interface TraceEvent {
  /** The process or thread that it happened to. */
  int pid();

  /** A call begins that ends on a later line. */
  record Begin(Call call) implements TraceEvent {
    @Override
    public int pid() {
      return call.pid;
    }
  }

  /** A call ends; it began on this line or on an earlier one. */
  record End(int pid, Call call) implements TraceEvent {}

  /** A process or thread is gone. */
  record Gone(int pid, long line) implements TraceEvent {}
}
