package org.pfnlab.lab.cost;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.pfnlab.lab.BadInput;
import org.pfnlab.lab.spec.Nearest;

/**
 * The machines whose prices come with pfnlab: a text each, laid over the server's. Hot prices are
 * those of events whose data the caches hold, those behind {@code @cold} of a miss to memory.
 */
public final class CostProfile {
  /** The profile that everything is priced by if nobody says otherwise. */
  public static final String SERVER = "server";

  private static final ImmutableMap<String, String> TEXTS =
      ImmutableMap.of("mobile-2012", "mobile-2012.txt", "vm", "vm.txt");

  private CostProfile() {}

  /** Names of the bundled profiles. */
  public static ImmutableSet<String> names() {
    return ImmutableSet.<String>builder().add(SERVER).addAll(TEXTS.keySet()).build();
  }

  /**
   * The prices of a bundled profile, or of a file; what that does not name costs what it costs on
   * the server.
   *
   * @throws BadInput if there is neither a profile nor a file of this name, or the file is damaged
   */
  public static CostModel find(String nameOrFile) throws IOException {
    if (nameOrFile.equals(SERVER)) {
      return CostModel.standard();
    }
    String text = TEXTS.get(nameOrFile);
    if (text != null) {
      return CostModel.standard().with(text, CostModel.bundled(text));
    }
    Path file = file(nameOrFile);
    if (file == null || !Files.exists(file)) {
      String near = Nearest.suggestion(nameOrFile, names());
      throw BadInput.because(
          "--profile '"
              + nameOrFile
              + "' is neither a file nor a profile"
              + (near.isEmpty() ? "; there are " + String.join(", ", names()) : near));
    }
    return CostModel.standard().with(file);
  }

  private static @Nullable Path file(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
