package org.pfnlab.lab.spec;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.reflect.ClassPath;
import com.google.common.reflect.ClassPath.ClassInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.jspecify.annotations.Nullable;
import org.pfnlab.core.kernel.Feature;

/**
 * Every feature that can be named in a kernel spec: the static {@link Feature} constants of all
 * classes of the core and the drivers.
 *
 * <p>A constant exists once its class is initialised, and classes come late. So when somebody asks
 * for a name that is not there yet, or for all names, the class path is searched, once.
 */
public final class FeatureCatalog {
  private static boolean complete;

  private FeatureCatalog() {}

  /** The feature of this name, or null. */
  public static @Nullable Feature find(String name) {
    Feature feature = Feature.find(name);
    if (feature == null) {
      initialiseAll();
      feature = Feature.find(name);
    }
    return feature;
  }

  /** All features, sorted by name. */
  public static ImmutableList<Feature> all() {
    initialiseAll();
    return Feature.all().stream()
        .sorted((a, b) -> a.name().compareTo(b.name()))
        .collect(ImmutableList.toImmutableList());
  }

  /** All names, sorted. */
  public static ImmutableSet<String> names() {
    return all().stream().map(Feature::name).collect(ImmutableSet.toImmutableSet());
  }

  private static synchronized void initialiseAll() {
    if (complete) {
      return;
    }
    ClassLoader loader = FeatureCatalog.class.getClassLoader();
    try {
      ClassPath classes = ClassPath.from(loader);
      for (String room : ImmutableList.of("org.pfnlab.core", "org.pfnlab.drivers")) {
        for (ClassInfo info : classes.getTopLevelClassesRecursive(room)) {
          initialiseIfDefining(info.load());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("class path", e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("a class that was just listed is gone", e);
    }
    complete = true;
  }

  private static void initialiseIfDefining(Class<?> type) throws ClassNotFoundException {
    for (Field field : type.getDeclaredFields()) {
      if (field.getType() == Feature.class && Modifier.isStatic(field.getModifiers())) {
        Class.forName(type.getName(), true, type.getClassLoader());
        return;
      }
    }
  }
}
