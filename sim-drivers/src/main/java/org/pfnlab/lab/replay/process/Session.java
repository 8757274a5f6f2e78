package org.pfnlab.lab.replay.process;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.pfnlab.core.file.Vdso;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.task.Process;

/** The state of one replay: a machine and the processes that the recording names. */
final class Session {
  /** Above all that mmap places by itself, as on x86-64. */
  private static final long VDSO = 0x7fff_fc00_0000L;

  final Machine machine;
  final Window window;

  /** The recorder's own process, which reads and writes /proc/pid/mem. */
  final Process recorder;

  /** Living processes by their number, so that they come in the recorder's order. */
  private final TreeMap<Integer, Process> processes = new TreeMap<>();

  /**
   * A machine with the process p0, whose window is empty and which has prctl'ed huge pages away,
   * and with the recorder's own process, which shares the vDSO with it as every process does.
   */
  Session(Machine machine, Window window) {
    this.machine = machine;
    this.window = window;
    processes.put(0, exec());
    recorder = exec();
    for (long at = VDSO; at < VDSO + Vdso.SPAN; at += 4096) {
      machine.userAccess().load(recorder.mm, at);
    }
  }

  private Process exec() {
    Process process = machine.newProcess();
    process.mm.thpDisabled = true;
    long failed = machine.files().vdso().map(process.mm, VDSO);
    if (failed != 0) {
      throw new IllegalStateException("the vDSO cannot be mapped: " + Errno.name(failed));
    }
    return process;
  }

  /** The living process that an input names. */
  Process process(Operation operation, String name) {
    Process process = processes.get(number(name));
    if (process == null) {
      throw operation.impossible("process " + name + " is not alive here");
    }
    return process;
  }

  /** The living process that the operation acts on. */
  Process process(Operation operation) {
    return process(operation, operation.process());
  }

  /** A process was forked under this name. */
  void add(Operation operation, String name, Process process) {
    if (processes.putIfAbsent(number(name), process) != null) {
      throw operation.impossible("process " + name + " exists already");
    }
  }

  /** A process has exited. */
  void remove(String name) {
    processes.remove(number(name));
  }

  /** Living processes with their names, in the recorder's order. */
  Map<String, Process> living() {
    TreeMap<Integer, Process> numbered = processes;
    Map<String, Process> named = new LinkedHashMap<>();
    numbered.forEach((number, process) -> named.put("p" + number, process));
    return named;
  }

  private static int number(String name) {
    return Integer.parseInt(name.substring(1));
  }
}
