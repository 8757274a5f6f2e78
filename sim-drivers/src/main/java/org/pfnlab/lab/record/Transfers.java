package org.pfnlab.lab.record;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/** Random transfers between memory and elsewhere, most of them through get_user_pages. */
final class Transfers {
  /** Pages that fit into a pipe, with some room. */
  private static final int PIPE_PAGES = 12;

  private final Chance chance;

  /** The first page of each process's registered buffer. */
  private final Map<Integer, Integer> registered = new HashMap<>();

  private int inPipe;

  Transfers(Chance chance) {
    this.chance = chance;
  }

  /** Whether it is done by the recorder itself. */
  boolean isOfNobody(String operation) {
    return operation.equals("pipe_read");
  }

  /** One operation, or nothing if it makes no sense now. */
  String next(
      String operation,
      int process,
      Ranges ranges,
      LivePages pages,
      List<Integer> living,
      IntSupplier value) {
    return switch (operation) {
      case "mem_read", "mem_write", "pvm_read", "pvm_write" -> {
        String text = operation + page(ranges, pages) + " len=" + bytes();
        text += chance.is(0.2) ? " off=" + chance.between(0, 4096) : "";
        text += operation.endsWith("write") ? " val=" + value.getAsInt() : "";
        yield operation.startsWith("pvm") ? text + " by=p" + chance.oneOf(living) : text;
      }
      case "vmsplice" -> vmsplice(ranges, pages);
      case "pipe_read" -> pipeRead();
      case "dio_write" -> operation + page(ranges, pages) + " len=" + blocks();
      case "dio_read" ->
          operation + page(ranges, pages) + " len=" + blocks() + " val=" + value.getAsInt();
      case "sys_write" -> operation + page(ranges, pages) + " len=" + chance.oneOf(1, 100, 4096);
      case "sys_read" ->
          operation
              + page(ranges, pages)
              + " len="
              + chance.oneOf(1, 100, 4096)
              + " val="
              + value.getAsInt();
      case "futex_wake" ->
          operation + page(ranges, pages) + " n=1" + (chance.is(0.3) ? " private=1" : "");
      default -> ring(operation, process, ranges, pages, value);
    };
  }

  private String page(Ranges ranges, LivePages pages) {
    return " page=" + ranges.page(pages, "");
  }

  private int bytes() {
    return chance.oneOf(1, 1, 8, 4096, 8192, 12000);
  }

  private int blocks() {
    return chance.oneOf(4096, 4096, 8192);
  }

  private String vmsplice(Ranges ranges, LivePages pages) {
    if (inPipe >= PIPE_PAGES) {
      return "";
    }
    inPipe += 2;
    return "vmsplice" + page(ranges, pages) + " pipe=v0 len=" + blocks();
  }

  private String pipeRead() {
    if (inPipe == 0 && chance.is(0.8)) {
      return "";
    }
    inPipe = Math.max(0, inPipe - 1);
    return "pipe_read pipe=v0 len=4096";
  }

  private String ring(
      String operation, int process, Ranges ranges, LivePages pages, IntSupplier value) {
    if (operation.equals("ur_reg")) {
      int page = ranges.page(pages, "w");
      registered.put(process, page);
      return "ur_reg page=" + page + " n=" + chance.oneOf(1, 1, 2);
    }
    if (!registered.containsKey(process) && chance.is(0.9)) {
      return "";
    }
    int page = registered.getOrDefault(process, 0);
    return switch (operation) {
      case "ur_unreg" -> {
        registered.remove(process);
        yield "ur_unreg";
      }
      case "ur_write" -> "ur_write page=" + page + " len=4096";
      default -> "ur_read page=" + page + " len=4096 val=" + value.getAsInt();
    };
  }
}
