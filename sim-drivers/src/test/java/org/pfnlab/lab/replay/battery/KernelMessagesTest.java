package org.pfnlab.lab.replay.battery;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelMessagesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // recorded
        "x86/PAT: oracle freeing invalid memtype [mem 0xf8009000-0xf8009fff]"
            + " | x86/PAT: oracle freeing invalid memtype [mem #-#]",
        "x86/PAT: oracle conflicting memory types f8000000-fc000000 write-combining<->uncached-minus"
            + " | x86/PAT: oracle conflicting memory types #-# write-combining<->uncached-minus",
        "WARNING: at mm/memory.c:2962 wp_page_copy+0x610/0x8d0;RIP: 0010:wp_page_copy+0x610/0x8d0"
            + " | WARNING in wp_page_copy",
        "WARNING: at arch/x86/mm/ioremap.c:210 __ioremap_caller.constprop.0+0x2/0x3"
            + " | WARNING in __ioremap_caller",
        "kernel BUG at mm/memory.c:2229!;RIP: 0010:vmf_insert_pfn_prot+0x12e/0x140;RIP: 0010:f+0x1/2"
            + " | BUG in vmf_insert_pfn_prot",
        "pages[0] is NOT dma-pinned;WARNING: at mm/gup_test.c:50 verify_dma_pinned+0xbd/0x1b0"
            + " | pages[0] is NOT dma-pinned;WARNING in verify_dma_pinned",
        "WARNING: at drivers/dma-buf/dma-buf.c:142 lab_mmap+0x56/0x70;lost behind the trace"
            + " | WARNING in dma_buf_mmap_internal",
        // modelled
        "WARNING: in wp_page_copy: the source cannot be read | WARNING in wp_page_copy",
        "kernel BUG in vmf_insert_pfn_prot: the VMA is a COW mapping;more"
            + " | BUG in vmf_insert_pfn_prot",
        "one message;another | one message;another",
      })
  void recordedAndModelledMessagesComeOutTheSame(String lines, String reduced) {
    assertThat(KernelMessages.reduced(Splitter.on(';').split(lines)))
        .containsExactlyElementsOf(Splitter.on(';').split(reduced));
  }
}
