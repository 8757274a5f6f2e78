package org.pfnlab.core.pfnmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.mm.VmFlags.VM_MAYWRITE;
import static org.pfnlab.core.mm.VmFlags.VM_MIXEDMAP;
import static org.pfnlab.core.mm.VmFlags.VM_PFNMAP;
import static org.pfnlab.core.mm.VmFlags.VM_READ;
import static org.pfnlab.core.mm.VmFlags.VM_SHARED;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.kernel.Arch;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.mm.Mm;
import org.pfnlab.core.mm.Vma;
import org.pfnlab.core.pagetable.PageTable;
import org.pfnlab.core.pagetable.Pte;
import org.pfnlab.core.pagetable.TablePool;
import org.pfnlab.core.phys.Frames;

/**
 * The decision table of vm_normal_page, every row in every era. The VMA's fourth page, or its
 * second leaf, is looked at; what differs is which frame the entry names:
 *
 * <pre>
 *   zero       the zero page
 *   huge-zero  inside the huge zero page
 *   ram        RAM with a struct page
 *   bar        below the end of RAM, but without a struct page
 *   above      above the end of RAM
 *   linear     RAM, and exactly vm_pgoff + index
 * </pre>
 */
final class NormalPageTest {
  private static final String[] VERSIONS = {"v5.11", "v6.1.192", "v6.12", "v6.18.2"};
  private static final long START = 0x7f00_0000_0000L;
  private static final long INDEX = 1024;
  private static final long HUGE_ZERO = 0x2_0000;

  private Kernel kernel = new Kernel(KernelProfile.of("v6.18.2"));
  private Vma vma = vma("-");

  @ParameterizedTest
  @CsvSource({
    // vma,     special, pfn,       5.11, 6.1.192, 6.12, 6.18
    "-,          no,     ram,       page, page, page, page",
    "-,          no,     linear,    page, page, page, page",
    "-,          no,     zero,      page, page, page, warn",
    "-,          no,     huge-zero, page, page, page, warn",
    "-,          no,     above,     bad,  bad,  bad,  bad",
    "pfnmap,     no,     ram,       page, page, page, page",
    "pfnmap,     no,     linear,    page, page, page, page",
    "pfnmap,     no,     above,     bad,  bad,  bad,  bad",
    "pfnmap-cow, no,     ram,       page, page, page, page",
    "mixed,      no,     ram,       page, page, page, page",
    "mixed,      no,     above,     bad,  bad,  bad,  bad",
    "-,          yes,    ram,       bad,  bad,  bad,  bad",
    "-,          yes,    bar,       bad,  bad,  bad,  bad",
    "-,          yes,    above,     bad,  bad,  bad,  bad",
    "-,          yes,    zero,      raw,  raw,  raw,  raw",
    "-,          yes,    huge-zero, bad,  bad,  bad,  raw",
    "pfnmap,     yes,    ram,       raw,  raw,  raw,  raw",
    "pfnmap,     yes,    bar,       raw,  raw,  raw,  raw",
    "pfnmap,     yes,    above,     raw,  raw,  raw,  raw",
    "pfnmap-cow, yes,    ram,       raw,  raw,  raw,  raw",
    "pfnmap-cow, yes,    zero,      raw,  raw,  raw,  raw",
    "mixed,      yes,    ram,       raw,  raw,  raw,  raw",
    "mixed,      yes,    above,     raw,  raw,  raw,  raw",
    "mixed-cow,  yes,    ram,       raw,  raw,  raw,  raw",
  })
  void withSpecialBit(
      String where, String special, String pfn, String v511, String v61, String v612, String v618) {
    String[] expected = {v511, v61, v612, v618};
    for (int i = 0; i < VERSIONS.length; i++) {
      boot(KernelProfile.of(VERSIONS[i]));
      assertThat(entry(where, special, pfn)).as(VERSIONS[i]).isEqualTo(expected[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // vma,     pfn,       5.11, 6.1.192, 6.12, 6.18
    "-,          ram,       page, page, page, page",
    "-,          linear,    page, page, page, page",
    "-,          zero,      raw,  raw,  raw,  raw",
    "-,          huge-zero, page, page, page, raw",
    "-,          above,     bad,  bad,  bad,  bad",
    "mixed,      ram,       page, page, page, page",
    "mixed,      bar,       raw,  raw,  raw,  raw",
    "mixed,      above,     raw,  raw,  raw,  raw",
    "mixed,      zero,      page, page, page, raw",
    "mixed,      huge-zero, page, page, page, raw",
    "mixed-cow,  ram,       page, page, page, page",
    "mixed-cow,  linear,    page, page, page, page",
    "pfnmap,     ram,       raw,  raw,  raw,  raw",
    "pfnmap,     linear,    raw,  raw,  raw,  raw",
    "pfnmap,     above,     raw,  raw,  raw,  raw",
    "pfnmap-cow, linear,    raw,  raw,  raw,  raw",
    "pfnmap-cow, ram,       page, page, page, page",
    "pfnmap-cow, zero,      raw,  raw,  raw,  raw",
    "pfnmap-cow, huge-zero, page, page, page, raw",
    "pfnmap-cow, above,     bad,  bad,  bad,  bad",
  })
  void withoutSpecialBit(
      String where, String pfn, String v511, String v61, String v612, String v618) {
    String[] expected = {v511, v61, v612, v618};
    for (int i = 0; i < VERSIONS.length; i++) {
      boot(KernelProfile.of(VERSIONS[i]).without(Arch.ARCH_HAS_PTE_SPECIAL));
      assertThat(entry(where, "no", pfn)).as(VERSIONS[i]).isEqualTo(expected[i]);
    }
  }

  /** Before v6.12 huge leaves have no special bit: one that is set there means nothing. */
  @ParameterizedTest
  @CsvSource({
    // vma,     special, pfn,       5.11, 6.1.192, 6.12, 6.18
    "-,          no,     ram,       page, page, page, page",
    "-,          no,     huge-zero, raw,  raw,  raw,  warn",
    "-,          no,     above,     raw,  raw,  raw,  bad",
    "-,          yes,    ram,       page, page, raw,  bad",
    "-,          yes,    huge-zero, raw,  raw,  raw,  raw",
    "mixed,      no,     ram,       page, page, page, page",
    "mixed,      no,     bar,       raw,  raw,  raw,  page",
    "mixed,      yes,    ram,       page, page, raw,  raw",
    "pfnmap,     no,     ram,       raw,  raw,  raw,  page",
    "pfnmap,     no,     linear,    raw,  raw,  raw,  page",
    "pfnmap,     yes,    ram,       raw,  raw,  raw,  raw",
    "pfnmap,     yes,    above,     raw,  raw,  raw,  raw",
    "pfnmap-cow, no,     ram,       page, page, page, page",
    "pfnmap-cow, no,     linear,    raw,  raw,  raw,  page",
    "pfnmap-cow, yes,    ram,       page, page, raw,  raw",
  })
  void hugeLeaves(
      String where, String special, String pfn, String v511, String v61, String v612, String v618) {
    String[] expected = {v511, v61, v612, v618};
    for (int level = 2; level <= 3; level++) {
      for (int i = 0; i < VERSIONS.length; i++) {
        if (level == 3 && pfn.equals("huge-zero")) {
          continue;
        }
        boot(KernelProfile.of(VERSIONS[i]));
        assertThat(leaf(where, special, pfn, level))
            .as("%s level %d", VERSIONS[i], level)
            .isEqualTo(expected[i]);
      }
    }
  }

  /** Without any special bit, v6.18 does the arithmetic for leaves as older kernels do. */
  @ParameterizedTest
  @CsvSource({
    "mixed,      bar,       raw",
    "mixed,      ram,       page",
    "mixed,      huge-zero, raw",
    "pfnmap,     ram,       raw",
    "pfnmap-cow, linear,    raw",
    "pfnmap-cow, ram,       page",
    "pfnmap-cow, above,     bad",
  })
  void hugeLeavesWithoutAnySpecialBit(String where, String pfn, String expected) {
    boot(KernelProfile.of("v6.18.2").without(Arch.ARCH_HAS_PTE_SPECIAL));
    assertThat(leaf(where, "no", pfn, 2)).isEqualTo(expected);
  }

  /** PROT_NONE entries store the frame inverted; the answer is the same. */
  @Test
  void protNoneEntriesNameTheSameFrame() {
    boot(KernelProfile.of("v6.1.192"));
    vma = vma("pfnmap");
    NormalPage normalPage = normalPage();
    assertThat(normalPage.of(vma, START, Pte.of(0x3_0000, Pte.PAGE_NONE))).isEqualTo(0x3_0000);
    assertThat(normalPage.of(vma, START, Pte.of(0xf8000, Pte.PAGE_NONE) | Pte.SPECIAL))
        .isEqualTo(-1);
    assertThat(kernel.log().lines()).isEmpty();
  }

  /** Canary: the same entry means something else where the architecture lacks the bit. */
  @Test
  void canaryForgettingTheArchitectureIsNoticed() {
    KernelProfile x86 = KernelProfile.of("v6.1.192");
    boot(x86);
    String with = entry("pfnmap", "no", "ram");
    boot(x86.without(Arch.ARCH_HAS_PTE_SPECIAL));
    assertThat(entry("pfnmap", "no", "ram")).isNotEqualTo(with);
  }

  private void boot(KernelProfile profile) {
    kernel = new Kernel(profile);
  }

  private NormalPage normalPage() {
    Frames frames = frames();
    NormalPage normalPage = new NormalPage(kernel, frames);
    normalPage.setHugeZero(HUGE_ZERO);
    return normalPage;
  }

  private Frames frames() {
    return new Frames(kernel, new long[] {0x10_0000, 0x8000_0000L, 0x1_0000_0000L, 0x1_4000_0000L});
  }

  private String entry(String where, String special, String pfn) {
    vma = vma(where);
    long frame = frame(pfn, 1);
    long pte = Pte.of(frame, Pte.PAGE_SHARED) | (special.equals("yes") ? Pte.SPECIAL : 0);
    return verdict(normalPage().of(vma, START + INDEX * 4096, pte), frame);
  }

  private String leaf(String where, String special, String pfn, int level) {
    vma = vma(where);
    long frame = frame(pfn, level);
    long bit = special.equals("yes") ? Pte.SPECIAL : 0;
    long leaf = Pte.ofHuge(frame, Pte.PAGE_SHARED | bit, level);
    return verdict(normalPage().ofHuge(vma, START + INDEX * 4096, leaf, level), frame);
  }

  private String verdict(long answer, long frame) {
    if (answer == -1) {
      return kernel.log().lines().isEmpty() ? "raw" : "bad";
    }
    assertThat(answer).isEqualTo(frame);
    return kernel.log().warnings() == 0 ? "page" : "warn";
  }

  private long frame(String name, int level) {
    return switch (name) {
      case "zero" -> frames().zeroPfn();
      case "huge-zero" -> level == 1 ? HUGE_ZERO + 5 : HUGE_ZERO;
      case "ram" -> 0x4_0000;
      case "bar" -> 0xc_0000;
      case "above" -> 0x40_0000;
      case "linear" -> {
        vma.pgoff = 0x4_0000 - INDEX;
        yield 0x4_0000;
      }
      default -> throw new IllegalArgumentException(name);
    };
  }

  private Vma vma(String kind) {
    long flags =
        switch (kind) {
          case "-" -> VM_SHARED;
          case "pfnmap" -> VM_PFNMAP | VM_SHARED;
          case "pfnmap-cow" -> VM_PFNMAP;
          case "mixed" -> VM_MIXEDMAP | VM_SHARED;
          case "mixed-cow" -> VM_MIXEDMAP;
          default -> throw new IllegalArgumentException(kind);
        };
    Mm mm = new Mm(kernel.meter, new PageTable(kernel, new TablePool()));
    return new Vma(mm, START, START + (4L << 30), 7, flags | VM_READ | VM_MAYWRITE);
  }
}
