package org.pfnlab.lab.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pfnlab.lab.BadInput;

class RecordingFilesTest {
  @TempDir private Path folder;

  private Path write(String name, String content) throws IOException {
    Path path = folder.resolve(name);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, content);
  }

  private Path compress(String name, String content) throws IOException {
    Path path = write(name, "");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return path;
  }

  @Test
  void directoriesAreSearchedByContentInTheOrderOfNames() throws IOException {
    Path late = write("b/9.data", "{\"op\":\"meta\"}\n");
    Path early = compress("a/compressed-without-suffix", " \n{ \"op\":\"meta\"}\n");
    Path damaged = write("c/damaged.jsonl", "no JSON at all");
    write("README.md", "# {\"op\":\"meta\"}");
    write("a/pretty.json", "{\n  \"op\": \"meta\"\n}\n");
    write("a/source.c", "int main(void) { return 0; }");
    write("a/block.c", "{\n}");
    write("empty.txt", "");
    compress("notes.gz", "text");
    assertThat(RecordingFiles.find(List.of(folder))).containsExactly(early, late, damaged);
  }

  @Test
  void filesAreTakenAsTheyAre() throws IOException {
    Path text = write("README.md", "text");
    assertThat(RecordingFiles.find(List.of(text, text))).containsExactly(text, text);
  }

  @Test
  void whatIsNotThereIsReported() throws IOException {
    write("README.md", "text");
    assertThatThrownBy(() -> RecordingFiles.find(List.of(folder.resolve("missing"))))
        .isInstanceOf(BadInput.class)
        .hasMessageEndingWith("missing: no such file or directory");
    assertThatThrownBy(() -> RecordingFiles.find(List.of(folder)))
        .isInstanceOf(BadInput.class)
        .hasMessageContaining("expected recordings");
  }
}
