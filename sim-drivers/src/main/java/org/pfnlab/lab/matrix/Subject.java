package org.pfnlab.lab.matrix;

import com.google.common.collect.ImmutableList;
import org.jspecify.annotations.Nullable;
import org.pfnlab.drivers.KindCatalog;
import org.pfnlab.drivers.kind.Kind;

/**
 * What is mapped.
 *
 * @param name the kind's
 * @param about one line
 * @param kind the driver's way, or null for anonymous memory
 */
public record Subject(String name, String about, @Nullable Kind kind) {
  private static final Subject ANONYMOUS =
      new Subject("anon", "anonymous memory, for comparison", null);

  /** Ordinary memory that no driver has to do with. */
  public static Subject anonymous() {
    return ANONYMOUS;
  }

  /** Driver memory. */
  public static Subject of(Kind kind) {
    return new Subject(kind.name(), kind.about(), kind);
  }

  /** Anonymous memory, and everything in the catalog. */
  public static ImmutableList<Subject> all(KindCatalog catalog) {
    ImmutableList.Builder<Subject> all = ImmutableList.builder();
    all.add(ANONYMOUS);
    catalog.kinds().forEach(kind -> all.add(of(kind)));
    return all.build();
  }

  @Override
  public String toString() {
    return name;
  }
}
