package org.pfnlab.core;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.base.DescribedPredicate.or;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.io.Serializable;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What keeps the modelled kernel pure enough for a browser, and the same on every machine: no
 * files, threads, reflection, VarHandle or Unsafe, no clock, no chance without a seed, no locale or
 * identity hash of the machine it runs on.
 */
final class PureCore {
  /** All that the core may know besides itself; leaves out java.io, java.lang.reflect, ... */
  private static final String[] PACKAGES = {
    "org.pfnlab..",
    "java.lang",
    "java.lang.annotation",
    "java.util",
    "java.util.function",
    "java.util.stream",
    "java.util.regex",
    "com.google.common.annotations",
    "com.google.common.base",
    "com.google.common.collect",
    "com.google.common.math",
    "com.google.common.primitives",
    "it.unimi.dsi.fastutil..",
    "org.jspecify.annotations",
  };

  /** Registries hand out their dense ids with AtomicInteger; every enum is Serializable. */
  private static final DescribedPredicate<JavaClass> ALLOWED =
      or(
              resideInAnyPackage(PACKAGES),
              type(AtomicInteger.class),
              type(Serializable.class),
              new DescribedPredicate<JavaClass>("array or primitive") {
                @Override
                public boolean test(JavaClass type) {
                  return type.isPrimitive()
                      || (type.isArray() && type.getBaseComponentType().isPrimitive());
                }
              })
          .as("plain Java, Guava's collections, fastutil");

  private static final DescribedPredicate<JavaClass> OF_THE_MACHINE =
      belongToAnyOf(
              Thread.class,
              ThreadLocal.class,
              Timer.class,
              ClassLoader.class,
              Module.class,
              Process.class,
              ProcessBuilder.class,
              Runtime.class,
              StackWalker.class,
              IdentityHashMap.class,
              UUID.class)
          .as("threads, processes, class loaders or the identity of objects");

  /** {@code Class} methods that only name and test a type that is already at hand. */
  private static final Set<String> NAMING =
      Set.of("desiredAssertionStatus", "getName", "getSimpleName", "isInstance", "cast");

  private static final DescribedPredicate<JavaAccess<?>> IMPURE_ACCESS =
      new DescribedPredicate<>("reflection, clock, environment, seedless chance or locale") {
        @Override
        public boolean test(JavaAccess<?> access) {
          return isImpure(access.getTarget());
        }
      };

  static final List<ArchRule> RULES =
      List.of(
          noClasses()
              .should()
              .dependOnClassesThat(
                  not(ALLOWED).as("beyond plain Java, Guava's collections, fastutil"))
              .because("a browser could run the core"),
          noClasses()
              .should()
              .dependOnClassesThat(OF_THE_MACHINE)
              .because("a browser could run the core, the same everywhere"),
          noClasses()
              .should()
              .accessTargetWhere(IMPURE_ACCESS)
              .because("same input, same output, on any machine"));

  private PureCore() {}

  private static boolean isImpure(AccessTarget target) {
    JavaClass owner = target.getOwner();
    String name = target.getName();
    if (owner.isEquivalentTo(Class.class)) {
      return !NAMING.contains(name);
    }
    if (owner.isEquivalentTo(System.class)) {
      return !name.equals("arraycopy");
    }
    if (owner.isEquivalentTo(Math.class)) {
      return name.equals("random");
    }
    if (owner.isEquivalentTo(Locale.class)) {
      return name.equals("getDefault");
    }
    boolean noArguments =
        target instanceof AccessTarget.CodeUnitAccessTarget code
            && code.getRawParameterTypes().isEmpty();
    if (owner.isEquivalentTo(Random.class)) {
      return name.equals("<init>") && noArguments;
    }
    return owner.isEquivalentTo(String.class)
        && noArguments
        && (name.equals("toLowerCase") || name.equals("toUpperCase"));
  }
}
