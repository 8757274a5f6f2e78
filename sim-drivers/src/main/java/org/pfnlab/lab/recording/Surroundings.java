package org.pfnlab.lab.recording;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.iomem.Iores;
import org.pfnlab.core.iomem.ResourceTree;
import org.pfnlab.core.kernel.Kernel;
import org.pfnlab.core.kernel.Policy;
import org.pfnlab.core.kernel.Version;
import org.pfnlab.core.machine.MachineConfig;
import org.pfnlab.core.pat.Mtrr;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.iomem.IomemFile;
import org.pfnlab.lab.spec.PolicyCatalog;

/**
 * The kernel and the machine that a recording was made on, as told by uname.txt, iomem.txt and
 * mtrr.txt in the recording's folder or the one above.
 *
 * @param file the recording as the user named it
 * @param folder where the three files lie, or null if there are none
 */
public record Surroundings(String file, @Nullable Path folder) {
  private static final Pattern RELEASE = Pattern.compile("\\b(\\d+\\.\\d+(?:\\.\\d+)?)[^ .\\d]?");

  /** Looks around a recording. */
  public static Surroundings of(Path recording, String name) {
    Path folder = recording.toAbsolutePath().normalize().getParent();
    for (int up = 0; up < 2 && folder != null; up++) {
      if (Files.exists(folder.resolve("uname.txt")) || Files.exists(folder.resolve("iomem.txt"))) {
        return new Surroundings(name, folder);
      }
      folder = folder.getParent();
    }
    return new Surroundings(name, null);
  }

  /**
   * The release in uname.txt.
   *
   * @throws BadInput if there is no such file, or no release in it
   */
  public Version release() throws IOException {
    Path uname = require("uname.txt", "or --kernel");
    String text = Files.readString(uname, StandardCharsets.UTF_8);
    Matcher release = RELEASE.matcher(text);
    if (!release.find()) {
      throw BadInput.at(
          uname.toString(), 1, "expected a kernel release like 6.1.192 in the output of uname");
    }
    return Version.parse(release.group(1));
  }

  /**
   * The machine that iomem.txt and mtrr.txt describe, with everything else as it is in the config;
   * it has no MTRRs where there is no mtrr.txt.
   *
   * @throws BadInput if there is no iomem.txt, or it is damaged
   */
  public MachineConfig machine(MachineConfig config) throws IOException {
    Path path = require("iomem.txt", "which describes the machine");
    IomemFile iomem = IomemFile.read(path);
    ResourceTree tree = iomem.parse(new Kernel(config.profile()));
    if (tree.findNext(0, Long.MAX_VALUE, Iores.SYSTEM_RAM, Iores.DESC_NONE) < 0) {
      throw BadInput.in(
          path.toString(), "expected some System RAM in the machine that it describes");
    }
    return config.withIomem(iomem.text()).withMtrr(mtrrs(path.resolveSibling("mtrr.txt")));
  }

  private static String mtrrs(Path path) throws IOException {
    if (!Files.exists(path)) {
      return "";
    }
    String text = Files.readString(path, StandardCharsets.UTF_8);
    try {
      Mtrr.parse(text);
    } catch (IllegalArgumentException e) {
      throw BadInput.in(path.toString(), String.valueOf(e.getMessage()));
    }
    return text;
  }

  /**
   * Policies of the kernel that these recordings were made on, which was patched with them: those
   * that policies.txt in the recording's own folder names, one a line.
   *
   * @throws BadInput if there is no policy of such a name
   */
  public static ImmutableList<Policy> policies(Path recording) throws IOException {
    Path file = recording.resolveSibling("policies.txt");
    ImmutableList.Builder<Policy> policies = ImmutableList.builder();
    if (Files.exists(file)) {
      int number = 0;
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        number++;
        Policy policy = PolicyCatalog.standard().find(line.strip());
        if (policy == null) {
          throw BadInput.at(
              file.toString(), number, "expected the name of a policy, got '" + line + "'");
        }
        policies.add(policy);
      }
    }
    return policies.build();
  }

  private Path require(String name, String why) {
    Path path = folder == null ? null : folder.resolve(name);
    if (path == null || !Files.exists(path)) {
      throw BadInput.in(
          file, "expected " + name + " in the recording's folder or the one above, " + why);
    }
    return path;
  }
}
