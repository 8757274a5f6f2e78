package org.pfnlab.lab.replay.maps;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.mm.VmFlags;
import org.pfnlab.core.mm.VmaTree;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.task.Smaps;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.print.Json;
import org.pfnlab.lab.spec.Nearest;

/** Prints the address spaces of a moment like /proc/pid/smaps, with a picture of each. */
public final class MapsReport {
  private final Moment moment;
  private final ImmutableMap<String, Process> shown;

  /**
   * A report.
   *
   * @param process the one to show, or null for all
   * @throws BadInput if it does not live at that moment
   */
  public MapsReport(Moment moment, @Nullable String process) {
    this.moment = moment;
    if (process == null) {
      this.shown = moment.processes();
      return;
    }
    Process one = moment.processes().get(process);
    if (one == null) {
      throw BadInput.in(
          moment.file(),
          "no process '"
              + process
              + "' lives after line "
              + moment.line()
              + ", expected one of "
              + moment.processes().keySet()
              + Nearest.suggestion(process, moment.processes().keySet()));
    }
    this.shown = ImmutableMap.of(process, one);
  }

  private List<VmaView> views(Process process) {
    VmaTree vmas = process.mm.vmas;
    List<VmaView> views = new ArrayList<>();
    for (int i = 0; i < vmas.size(); i++) {
      views.add(VmaView.of(vmas.get(i), moment.machine()));
    }
    return views;
  }

  /** For people. */
  public void printText(PrintWriter out) {
    out.print(moment.file() + " after line " + moment.line() + "  [" + moment.kernel() + "]\n");
    String note = moment.note();
    if (note != null) {
      out.print("(" + note + ")\n");
    }
    if (shown.isEmpty()) {
      out.print("no process lives\n");
    }
    shown.forEach((name, process) -> printText(name, process, out));
    out.flush();
  }

  private void printText(String name, Process process, PrintWriter out) {
    List<VmaView> views = views(process);
    out.print("\nprocess " + name + ", " + views.size() + " VMAs\n");
    MapsPicture.of(views, moment.machine(), moment.touched()).forEach(row -> out.print(row + "\n"));
    for (int i = 0; i < views.size(); i++) {
      VmaView view = views.get(i);
      out.print(MapsPicture.letter(i) + " " + view.head() + "\n");
      sizes(view).forEach((key, kib) -> out.print("  %-16s %8d kB\n".formatted(key + ":", kib)));
      out.print("  VmFlags: " + view.flags() + "\n");
    }
  }

  /** kB by smaps' names; Shared and Private are clean and dirty together. */
  private Map<String, Long> sizes(VmaView view) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    sizes.put("Size", view.vma().pages() << 2);
    if (moment.touched()) {
      Smaps.Counts counts = view.counts();
      sizes.put("Rss", counts.rss() << 2);
      sizes.put("Pss", counts.pssKb());
      sizes.put("Shared", counts.shared() << 2);
      sizes.put("Private", counts.exclusive() << 2);
      sizes.put("Anonymous", counts.anonymous() << 2);
      sizes.put("AnonHugePages", counts.huge() << 2);
      sizes.put("Locked", counts.lockedKb());
    }
    return sizes;
  }

  /** For programs: one JSON object. */
  public void printJson(PrintWriter out) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("file", moment.file());
    all.put("line", moment.line());
    all.put("kernel", moment.kernel().toString());
    String note = moment.note();
    if (note != null) {
      all.put("note", note);
    }
    List<Object> processes = new ArrayList<>();
    shown.forEach((name, process) -> processes.add(json(name, process)));
    all.put("processes", processes);
    Json.print(all, out);
    out.flush();
  }

  private Map<String, Object> json(String name, Process process) {
    List<VmaView> views = views(process);
    ImmutableList.Builder<Object> vmas = ImmutableList.builder();
    for (VmaView view : views) {
      Map<String, Object> vma = new LinkedHashMap<>();
      vma.put("start", "0x%x".formatted(view.vma().start));
      vma.put("end", "0x%x".formatted(view.vma().end));
      vma.put("perm", VmFlags.permissions(view.vma().flags));
      vma.put("offset", view.vma().file == null ? 0L : view.vma().pgoff << 12);
      vma.put("name", view.name());
      vma.put("kb", sizes(view));
      vma.put("flags", Splitter.on(' ').omitEmptyStrings().splitToList(view.flags()));
      vmas.add(vma);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("process", name);
    json.put("vmas", vmas.build());
    json.put("picture", MapsPicture.of(views, moment.machine(), moment.touched()));
    return json;
  }
}
