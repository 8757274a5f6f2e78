package org.pfnlab.lab.recording;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * How the machine was booted on which a driver recording was made, as far as the recording lets it
 * be seen: a boot's settings stand in no header, and one file is one boot.
 */
public final class BootSettings {
  /** A huge entry, calls that put one there, or an oops over one. */
  private static final Pattern HUGE_ENTRY =
      Pattern.compile(
          "\"level\" ?: ?\"p[mu]d\""
              + "|\"vmf_insert_pfn_p[mu]d\" ?: ?[1-9]"
              + "|RIP: [^\"]*(?:vmf_insert_pfn|queue_folios)_p[mu]d");

  /** Advice after which huge pages tell nothing about the machine. */
  private static final Pattern ASKED_FOR =
      Pattern.compile("\"op\" ?: ?\"[^\"]*(?:HUGEPAGE|COLLAPSE)[^\"]*\"");

  private BootSettings() {}

  /**
   * Whether transparent_hugepage=always was set: huge entries are there in cases in which nobody
   * asked for them.
   */
  public static boolean isThpAlways(Path recording, String name) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                TextLines.decompressed(recording, name), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (HUGE_ENTRY.matcher(line).find() && !ASKED_FOR.matcher(line).find()) {
          return true;
        }
      }
      return false;
    }
  }
}
