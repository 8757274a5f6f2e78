package org.pfnlab.lab.replay.strace;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.strace.Arguments;
import org.pfnlab.lab.strace.Call;
import org.pfnlab.lab.strace.MapsFile;
import org.pfnlab.lab.strace.Result;
import org.pfnlab.lab.strace.Trace;
import org.pfnlab.lab.strace.TraceEvent;
import org.pfnlab.lab.verdict.Judge;
import org.pfnlab.lab.verdict.NotModelled;

/**
 * The processes of a trace on a machine, event by event.
 *
 * <p>A call happens somewhere between the lines where it begins and ends. One that others
 * interrupted is made when its answer fits: a mapping whose place the kernel chose as soon as it
 * would come to lie where it did; anything else when it ends, or before, if only then another
 * call's answer fits. A fork copies the address space where it begins.
 */
final class TraceRun {
  private static final ImmutableSet<String> FORKS =
      ImmutableSet.of("clone", "clone3", "fork", "vfork");
  private static final ImmutableSet<String> EXECS = ImmutableSet.of("execve", "execveat");
  private static final ImmutableSet<String> EXITS = ImmutableSet.of("exit", "exit_group");
  private static final ImmutableSet<String> ADDRESSES =
      ImmutableSet.of("mmap", "mremap", "brk", "shmat");
  private static final Pattern SHARES_MEMORY = Pattern.compile("\\bCLONE_VM\\b");

  private static final Pattern IS_THREAD = Pattern.compile("\\bCLONE_THREAD\\b");

  /** Calls whose refusal is tried on a copy first. */
  private static final ImmutableSet<String> TRIED = ImmutableSet.of("mmap", "mremap", "mprotect");

  /** Refusals that the recorded machine's limits, descriptors and file modes decide. */
  private static final ImmutableSet<String> SURROUNDINGS =
      ImmutableSet.of(
          "ENOMEM", "EAGAIN", "EPERM", "EACCES", "EBADF", "ENODEV", "ENFILE", "ETXTBSY", "EINTR");

  private final Trace trace;
  private final Folder folder;
  private final Machine machine;
  private final Judge judge;
  private final TracedFiles files;
  private final MemoryCalls calls;
  private final TreeMap<Integer, Space> tasks = new TreeMap<>();
  private final Set<Call> pending = new LinkedHashSet<>();
  private final Set<Call> done = new HashSet<>();
  private final Map<Integer, Integer> leaders = new HashMap<>();
  private final Map<Integer, Integer> markers = new HashMap<>();

  TraceRun(Trace trace, Folder folder, Machine machine, Judge judge) {
    this.trace = trace;
    this.folder = folder;
    this.machine = machine;
    this.judge = judge;
    this.files = new TracedFiles(folder.devices());
    this.calls = new MemoryCalls(trace.file(), machine, files);
    for (TraceEvent event : trace.events()) {
      if (event instanceof TraceEvent.End end) {
        foresee(end.pid(), end.call());
      }
    }
  }

  /** Learns who is a thread of whom, and how many ends each process marks: the last one counts. */
  private void foresee(int pid, Call call) {
    Result result = call.result();
    if (FORKS.contains(call.name) && result != null && !result.failed()) {
      boolean thread = IS_THREAD.matcher(call.arguments()).find();
      leaders.put((int) result.value(), thread ? leader(pid) : (int) result.value());
    } else if (isMarker(call)) {
      markers.merge(leader(pid), 1, Integer::sum);
    }
  }

  private int leader(int pid) {
    return leaders.getOrDefault(pid, pid);
  }

  private static boolean isMarker(Call call) {
    return call.name.equals("madvise") && call.arguments().startsWith("NULL, 0, 0x7777");
  }

  Machine machine() {
    return machine;
  }

  Map<Integer, Space> tasks() {
    return tasks;
  }

  void step(TraceEvent event) {
    if (event instanceof TraceEvent.Gone gone) {
      leave(gone.pid());
    } else if (event instanceof TraceEvent.Begin begin) {
      begin(begin.call());
    } else if (event instanceof TraceEvent.End end) {
      end(end.pid(), end.call());
    }
  }

  /** The trace is over; what was left to compare is named. */
  void finish() {
    for (int pid : folder.exitFiles().keySet()) {
      if (markers.getOrDefault(pid, 1) > 0) {
        judge.cannotJudge("exit maps of a process whose end is not in the trace");
      }
    }
  }

  private Space space(int pid) {
    return tasks.computeIfAbsent(
        pid,
        unknown -> {
          Space space = new Space(machine.newProcess());
          space.lose("calls before the first execve");
          return space;
        });
  }

  private void leave(int pid) {
    Space space = tasks.remove(pid);
    if (space != null && --space.users == 0) {
      machine.syscalls().exit(space.process);
    }
  }

  private void begin(Call call) {
    if (FORKS.contains(call.name)) {
      fork(call.pid, call);
    } else if (!EXECS.contains(call.name) && !EXITS.contains(call.name)) {
      pending.add(call);
      settlePlaced(space(call.pid));
    }
  }

  private void end(int pid, Call call) {
    pending.remove(call);
    Result result = call.result();
    if (done.remove(call) || result == null) {
      return;
    }
    if (FORKS.contains(call.name)) {
      fork(pid, call);
      done.remove(call);
    } else if (EXECS.contains(call.name)) {
      exec(pid, call, result);
    } else if (!EXITS.contains(call.name)) {
      Space space = space(pid);
      settleFor(call, space);
      make(call, space, result);
      settlePlaced(space);
      if (isMarker(call)) {
        mark(leader(pid), space);
      }
    }
  }

  /** Makes the pending mappings that would come to lie where the trace has them. */
  private void settlePlaced(Space space) {
    if (space.lost() != null) {
      return;
    }
    for (Call call : pendingOf(space)) {
      if (isPlacedAsRecorded(call, space)) {
        makeEarly(call, space);
      }
    }
  }

  private boolean isPlacedAsRecorded(Call call, Space space) {
    Result result = call.result();
    return result != null && !result.failed() && placeOf(call, space) == result.value();
  }

  /** Makes pending calls as long as this one's mapping would lie elsewhere than recorded. */
  private void settleFor(Call call, Space space) {
    Result result = call.result();
    if (space.lost() != null || result == null || result.failed() || placeOf(call, space) == -1) {
      return;
    }
    for (Call other : pendingOf(space)) {
      if (isPlacedAsRecorded(call, space)) {
        return;
      }
      if (other.result() != null && placeOf(other, space) == -1) {
        makeEarly(other, space);
      }
    }
  }

  private long placeOf(Call call, Space space) {
    try {
      return calls.place(call, space);
    } catch (NotModelled e) {
      return -1;
    }
  }

  private List<Call> pendingOf(Space space) {
    List<Call> mine = new ArrayList<>();
    for (Call call : pending) {
      if (tasks.get(call.pid) == space) {
        mine.add(call);
      }
    }
    return mine;
  }

  private void makeEarly(Call call, Space space) {
    Result result = call.result();
    if (result != null) {
      pending.remove(call);
      done.add(call);
      make(call, space, result);
    }
  }

  private void fork(int pid, Call call) {
    Result result = call.result();
    if (result == null) {
      return;
    }
    if (result.failed()) {
      judge.cannotJudge(call.name + " that failed");
      return;
    }
    done.add(call);
    Space parent = space(pid);
    int child = (int) result.value();
    leave(child);
    boolean shares = call.name.equals("vfork") || SHARES_MEMORY.matcher(call.arguments()).find();
    if (shares) {
      parent.users++;
      tasks.put(child, parent);
    } else {
      tasks.put(child, copy(parent));
    }
    judgeUnlessLost(call, parent, result, result.value());
  }

  private Space copy(Space parent) {
    String lost = parent.lost();
    if (lost != null) {
      Space space = new Space(machine.newProcess());
      space.lose(lost);
      return space;
    }
    long id = machine.syscalls().fork(parent.process);
    if (Errno.isError(id)) {
      throw new IllegalStateException("fork of a process of the trace: " + Errno.name(id));
    }
    return new Space(machine.processes().get((int) id));
  }

  /**
   * A failed execve leaves everything as it is; whether files exist is not the model's business.
   */
  private void exec(int pid, Call call, Result result) {
    if (result.failed()) {
      return;
    }
    leave(pid);
    Space space = new Space(machine.newProcess());
    tasks.put(pid, space);
    Arguments arguments = Arguments.of(trace.file(), call);
    String path = arguments.string(call.name.equals("execve") ? 0 : 1);
    String program = path.substring(path.lastIndexOf('/') + 1);
    ImmutableList<MapsFile.Entry> maps = folder.exec().get(program);
    if (maps == null) {
      space.lose("without exec-" + program + ".maps");
    } else {
      ExecImage.load(maps, space.process.mm, files);
    }
    judgeUnlessLost(call, space, result, 0);
  }

  private void make(Call call, Space space, Result result) {
    String lost = space.lost();
    if (lost != null) {
      judge.cannotJudge(lost);
      return;
    }
    try {
      if (result.failed() && TRIED.contains(call.name)) {
        long attempt = calls.attempt(call, space, result);
        if (attempt >= 0 && SURROUNDINGS.contains(String.valueOf(result.errno()))) {
          throw new NotModelled("limits, descriptors and file modes of the recorded machine");
        }
        if (attempt >= 0) {
          compare(call, space, result, attempt);
          return;
        }
      }
      compare(call, space, result, calls.make(call, space, result));
    } catch (NotModelled e) {
      judge.cannotJudge(e.what());
      if (!result.failed() && e.what().startsWith("mmap ")) {
        space.lose("after " + e.what());
      }
    } catch (BadInput e) {
      throw e;
    } catch (RuntimeException e) {
      ObjectNode failure = JsonNodeFactory.instance.objectNode();
      failure.put("model_failed", e.toString());
      judge.compare(
          trace.file(),
          call.ended(),
          call.toString(),
          answer(call, result),
          failure,
          ImmutableList::of);
      space.lose("after a failure of the model");
    }
  }

  private void judgeUnlessLost(Call call, Space space, Result result, long got) {
    String lost = space.lost();
    if (lost != null) {
      judge.cannotJudge(lost);
    } else {
      compare(call, space, result, got);
    }
  }

  private void compare(Call call, Space space, Result result, long got) {
    boolean placed = ADDRESSES.contains(call.name) && !result.failed();
    long address = placed ? result.value() : firstArgument(call);
    judge.compare(
        trace.file(),
        call.ended(),
        call.pid + " " + call,
        answer(call, result),
        answer(call, new Result(got, Errno.isError(got) ? Errno.name(got) : null)),
        () -> SpacePicture.around(space.maps(), address));
  }

  private long firstArgument(Call call) {
    try {
      return Arguments.of(trace.file(), call).word(0);
    } catch (BadInput e) {
      return 0;
    }
  }

  private static ObjectNode answer(Call call, Result result) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    String errno = result.errno();
    if (errno != null) {
      return answer.put("err", errno);
    }
    return ADDRESSES.contains(call.name)
        ? answer.put("ret", "0x" + Long.toHexString(result.value()))
        : answer.put("ret", result.value());
  }

  private void mark(int pid, Space space) {
    int left = markers.merge(pid, -1, Integer::sum);
    ImmutableList<MapsFile.Entry> recorded = folder.exit().get(pid);
    if (left > 0 || recorded == null) {
      return;
    }
    @Nullable String lost = space.lost();
    if (lost != null) {
      judge.cannotJudge(lost);
      return;
    }
    ImmutableList<MapsFile.Entry> model = space.maps();
    ExitComparison.Answers answers = ExitComparison.compare(recorded, model);
    judge.compare(
        String.valueOf(folder.exitFiles().get(pid)),
        1,
        "address space of process " + pid + " at exit",
        answers.expected(),
        answers.got(),
        () -> SpacePicture.around(model, ExitComparison.firstDifference(answers, model)));
  }
}
