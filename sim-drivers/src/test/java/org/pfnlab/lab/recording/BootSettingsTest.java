package org.pfnlab.lab.recording;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What tells that huge pages were always on. */
class BootSettingsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'op':'access','pte':{'present':1,'level':'pmd'}}                   | true",
        "{'op':'access','pte':{'present':1,'level': 'pud'}}                  | true",
        "{'op':'access','pte':{'present':1}}                                 | false",
        "{'op':'madvise:MADV_HUGEPAGE','pte':{'level':'pmd'}}                | false",
        "{'op':'madvise:MADV_COLLAPSE','pte':{'level':'pmd'}}                | false",
        "{'op':'access','klog':['RIP: 0010:vmf_insert_pfn_pmd+0xa0/0xb0']}   | true",
        "{'op':'mbind','klog':['RIP: 0010:queue_folios_pmd.isra.0+0x38/0x1']} | true",
        "{'header':true,'traced_functions':['vmf_insert_pfn_pmd']}           | false",
        "{'op':'loads','counts':{'vmf_insert_pfn_pmd':2}}                    | true",
        "{'op':'loads','counts':{'vmf_insert_pfn_pmd':null}}                 | false",
        "{'op':'access','klog':['RIP: 0010:vmf_insert_pfn_prot+0xdb/0x150']} | false",
      })
  void fromWhatIsSeen(String line, boolean always) throws IOException {
    Path file = folder.resolve("recording.jsonl");
    Files.writeString(file, "{\"op\":\"state\"}\n" + line.replace('\'', '"') + "\n");
    assertThat(BootSettings.isThpAlways(file, "recording")).isEqualTo(always);
  }
}
