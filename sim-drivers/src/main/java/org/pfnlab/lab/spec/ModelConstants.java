package org.pfnlab.lab.spec;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.reflect.ClassPath;
import com.google.common.reflect.ClassPath.ClassInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.meter.Event;

/**
 * Makes sure that all features and events exist. They are static constants of the rooms and drivers
 * that use them, and come into being with their classes, which come late; whoever wants to look one
 * up by its name asks here first, and then the class path is searched, once.
 */
public final class ModelConstants {
  private static final ImmutableList<String> PACKAGES =
      ImmutableList.of("org.pfnlab.core", "org.pfnlab.drivers", "org.pfnlab.lab.replay");
  private static final ImmutableSet<Class<?>> KINDS = ImmutableSet.of(Feature.class, Event.class);

  private static boolean complete;

  private ModelConstants() {}

  /** Initialises every class that defines a feature or an event. */
  public static synchronized void initialiseAll() {
    if (complete) {
      return;
    }
    try {
      ClassPath classes = ClassPath.from(ModelConstants.class.getClassLoader());
      for (String name : PACKAGES) {
        for (ClassInfo info : classes.getTopLevelClassesRecursive(name)) {
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
      if (KINDS.contains(field.getType()) && Modifier.isStatic(field.getModifiers())) {
        Class.forName(type.getName(), true, type.getClassLoader());
        return;
      }
    }
  }
}
