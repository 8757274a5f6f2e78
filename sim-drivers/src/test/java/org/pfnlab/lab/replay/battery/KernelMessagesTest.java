package org.pfnlab.lab.replay.battery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class KernelMessagesTest {
  @Test
  void recordedAndModelledMessagesComeOutTheSame() {
    assertThat(
            KernelMessages.reduced(
                List.of(
                    "x86/PAT: oracle freeing invalid memtype [mem 0xf8009000-0xf8009fff]",
                    "x86/PAT: oracle conflicting memory types f8000000-fc000000"
                        + " write-combining<->uncached-minus",
                    "WARNING: at mm/memory.c:2962 wp_page_copy+0x610/0x8d0",
                    "RIP: 0010:wp_page_copy+0x610/0x8d0",
                    "WARNING: at arch/x86/mm/ioremap.c:210 __ioremap_caller.constprop.0+0x2/0x3",
                    "kernel BUG at mm/memory.c:2229!",
                    "RIP: 0010:vmf_insert_pfn_prot+0x12e/0x140",
                    "RIP: 0010:noise+0x1/0x2")))
        .containsExactly(
            "x86/PAT: oracle freeing invalid memtype [mem #-#]",
            "x86/PAT: oracle conflicting memory types #-# write-combining<->uncached-minus",
            "WARNING in wp_page_copy",
            "WARNING in __ioremap_caller",
            "BUG in vmf_insert_pfn_prot");
    assertThat(
            KernelMessages.reduced(
                List.of(
                    "x86/PAT: oracle freeing invalid memtype [mem 0xf8000000-0xf8000fff]",
                    "WARNING: in wp_page_copy: the source cannot be read",
                    "kernel BUG in vmf_insert_pfn_prot: the VMA is VM_PFNMAP and a COW mapping")))
        .containsExactly(
            "x86/PAT: oracle freeing invalid memtype [mem #-#]",
            "WARNING in wp_page_copy",
            "BUG in vmf_insert_pfn_prot");
  }
}
