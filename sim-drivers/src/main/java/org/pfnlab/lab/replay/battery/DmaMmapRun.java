package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.ObjectNode;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import java.util.Locale;
import org.pfnlab.core.gup.GupFlags;
import org.pfnlab.core.kernel.Errno;
import org.pfnlab.core.machine.Machine;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.phys.Frames;
import org.pfnlab.core.task.Outcome;
import org.pfnlab.core.task.Pipe;
import org.pfnlab.core.task.Process;
import org.pfnlab.core.vma.Advice;
import org.pfnlab.core.vma.MapFlags;
import org.pfnlab.drivers.dma.DmaBuffer;
import org.pfnlab.drivers.kind.ObjectUnderTest;
import org.pfnlab.drivers.toydma.ToyDma;

/** One such case on its way: a device, a buffer filled with the pattern, and its mapping. */
final class DmaMmapRun {
  private static final int GET = GupFlags.FOLL_GET;
  private static final int GET_SLOW = GupFlags.FOLL_GET | GupFlags.FOLL_TOUCH;
  private static final int LONGTERM = GupFlags.FOLL_PIN | GupFlags.FOLL_LONGTERM;
  private static final int NEW_BUFFERS = 200;
  private static final long NEW_WORD = 0xb0b0_0000_0000_0000L;
  private static final long STORED = 0x77;

  private final Machine machine;
  private final DmaMmapCase asked;
  private final ToyDma driver;
  private final DmaBuffer buffer;
  private final CaseRun run;
  private final ObjectNode answer;

  DmaMmapRun(Machine machine, DmaMmapCase asked) {
    this.machine = machine;
    this.asked = asked;
    this.driver = new ToyDma(machine, asked.api(), asked.translated(), asked.around());
    if (asked.test() == DmaMmapCase.Test.BUFFER) {
      scatterFreeMemory();
    }
    this.buffer = fresh(CaseRun.INITIAL, 1);
    ObjectUnderTest object = driver.underTest(buffer);
    this.run = new CaseRun(machine, asked.mapping(), null, object, machine.newProcess());
    this.answer = run.answer;
  }

  ObjectNode answer() {
    return answer;
  }

  /** A new buffer; page N begins with the word plus N steps. */
  private DmaBuffer fresh(long word, long step) {
    DmaBuffer made = driver.alloc(asked.bufferPages());
    if (made == null) {
      throw new IllegalStateException("no memory for a buffer of " + asked.bufferPages());
    }
    for (int page = 0; page < made.pages(); page++) {
      machine.frames().storeWord(made.pfn(page), 0, word + step * page);
    }
    return made;
  }

  /** Before it looked at buffers the recording module took all memory, and gave half of it back. */
  private void scatterFreeMemory() {
    Frames frames = machine.frames();
    LongArrayList all = new LongArrayList();
    for (long pfn = frames.alloc(); pfn >= 0; pfn = frames.alloc()) {
      all.add(pfn);
    }
    for (int i = 0; i < all.size(); i++) {
      if ((all.getLong(i) & 1) == 0) {
        frames.put(all.getLong(i));
      }
    }
  }

  void perform() {
    switch (asked.test()) {
      case BUFFER -> describeBuffer();
      case MMAP -> mapPart();
      case VM_FLAGS -> mapWhole();
      case PIN_OUTLIVES_BUFFER -> outlive();
    }
  }

  private void describeBuffer() {
    boolean translated = driver.device().isTranslated();
    answer.put("device_dma_ops", translated ? "iommu_dma_ops" : "none (dma-direct)");
    answer.put("device_iommu_domain", translated ? "dma" : "identity");
    String seen = buffer.cpuAddress().name().toLowerCase(Locale.ROOT);
    answer.put("cpu_address", buffer.cpuAddress() == DmaBuffer.CpuAddress.NONE ? "-" : seen);
    answer.put("physically_contiguous_runs", buffer.runs());
    answer.put("dma_address_is_physical", buffer.dmaAddress() == buffer.pfn(0) << 12);
    putPageCounts("");
    boolean reserved = machine.frames().has(buffer.pfn(0), Frames.RESERVED);
    answer.put("PageReserved", reserved ? 1 : 0);
    answer.put("PageCompound", 0);
  }

  private void putPageCounts(String suffix) {
    Frames frames = machine.frames();
    answer.put("page_count_first" + suffix, frames.refcount(buffer.pfn(0)));
    answer.put("page_count_last" + suffix, frames.refcount(buffer.pfn(buffer.pages() - 1)));
  }

  private boolean map() {
    int flags = asked.mapping().mapType() | MapFlags.MAP_FIXED_NOREPLACE;
    long offset = (long) asked.offset() << 12;
    run.address = run.mmap(CaseRun.BASE, run.length(), asked.mapping().prot(), flags, offset);
    return !Errno.isError(run.address);
  }

  private void mapPart() {
    int before = machine.memtypes().count();
    boolean mapped = map();
    run.putOk("mmap", run.address);
    if (!mapped) {
      return;
    }
    answer.put("new_memtype_lines", machine.memtypes().count() - before);
    run.putVmas("vmas", run.address, run.pages());
    answer.put("vm_pgoff", whereItBegins());
    run.putPte("pte_first", run.address);
    run.putPte("pte_last", run.lastPage());
    answer.put("data", patternSeen() + "/" + run.pages());
    putGup("");
    if (asked.mapping().writable()) {
      run.putStore("store_last", run.lastPage(), STORED);
      run.putPte("pte_last_after_store", run.lastPage());
      long word = machine.frames().loadWord(buffer.pfn(asked.offset() + run.pages() - 1), 0);
      answer.put("buffer_sees_store", word == STORED);
    }
    run.putResult("munmap", run.munmap(run.address, run.length()));
  }

  private String whereItBegins() {
    Vma vma = run.mm().vmas.lookup(run.address);
    long pgoff = vma == null ? -1 : vma.pgoff;
    return pgoff == asked.offset()
        ? "as_requested"
        : pgoff == buffer.pfn(asked.offset()) ? "pfn_of_first_page" : Long.toString(pgoff);
  }

  private int patternSeen() {
    int seen = 0;
    for (int page = 0; page < run.pages(); page++) {
      Outcome word = run.load(run.page(page));
      long expected = CaseRun.INITIAL + asked.offset() + page;
      seen += word instanceof Outcome.Value value && value.value() == expected ? 1 : 0;
    }
    return seen;
  }

  private void putGup(String when) {
    answer.put(when + "gup_fast_pages", GupOps.got(run, GET, true));
    answer.put(when + "gup_slow_pages", GupOps.got(run, GET_SLOW, false));
    answer.put(when + "pin_longterm_pages", GupOps.got(run, LONGTERM, false));
  }

  private void mapWhole() {
    boolean mapped = map();
    run.putOk("mmap", run.address);
    if (mapped) {
      use();
    }
    putPageCounts("_after");
  }

  private void use() {
    run.putVmas("vmas", run.address, run.pages());
    run.putPte("pte_first", run.address);
    run.putLoad("load_first", run.address);
    run.putLoad("load_last", run.lastPage());
    putGup("");
    byte[] bytes = new byte[(int) run.length()];
    run.putResult(
        "process_vm_readv_self",
        machine.processVm().read(run.mm(), run.address, bytes, bytes.length));
    Pipe pipe = machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    run.putResult("vmsplice", machine.pipes().vmsplice(run.mm(), run.address, run.length(), pipe));
    machine.pipes().close(pipe);
    run.putStore("store_first", run.address, STORED);
    run.putPte("pte_after_store", run.address);
    putGup("after_store_");
    answer.put("fork_child", forkedChild());
    run.putResult("madvise_DONTNEED", RangeOps.advise(run, Advice.MADV_DONTNEED));
    run.putLoad("load_after_DONTNEED", run.address);
    run.putResult("munmap", run.munmap(run.address, run.length()));
  }

  private String forkedChild() {
    Process parent = run.process;
    long forked = machine.syscalls().fork(parent);
    if (Errno.isError(forked)) {
      return Errno.name(forked);
    }
    run.process = machine.processes().get((int) forked);
    Outcome loaded = run.load(run.address);
    machine.syscalls().exit(run.process);
    run.process = parent;
    return loaded instanceof Outcome.Value ? "loads" : loaded.toString();
  }

  /** A page stays in a pipe while its buffer is freed and many new ones are made and filled. */
  private void outlive() {
    if (!map()) {
      run.putOk("mmap", run.address);
      return;
    }
    Pipe pipe = machine.pipes().create(Pipe.DEFAULT_BUFFERS);
    long spliced = machine.pipes().vmsplice(run.mm(), run.address, 4096, pipe);
    run.putResult("vmsplice", spliced);
    answer.put("page_count_first_while_pinned", machine.frames().refcount(buffer.pfn(0)));
    run.munmap(run.address, run.length());
    driver.free(buffer);
    for (int i = 0; i < NEW_BUFFERS; i++) {
      fresh(NEW_WORD + i, 0);
    }
    answer.put("new_buffers", NEW_BUFFERS);
    if (spliced > 0) {
      byte[] bytes = new byte[4096];
      answer.put("pipe_read", machine.pipes().read(pipe, bytes, bytes.length));
      long word = CaseRun.word(bytes, 0);
      answer.put("pipe_word", "0x" + Long.toHexString(word));
      answer.put("pipe_sees_new_buffer", word >>> 48 == NEW_WORD >>> 48);
    }
    machine.pipes().close(pipe);
  }
}
