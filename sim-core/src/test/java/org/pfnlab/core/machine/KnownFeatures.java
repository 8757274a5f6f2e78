package org.pfnlab.core.machine;

import com.google.common.collect.ImmutableList;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Field;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pfnlab.core.kernel.Feature;
import org.pfnlab.core.kernel.KernelProfile;

/** All features of the modelled kernel, those of package-private classes too. */
final class KnownFeatures {
  private static final ImmutableList<Feature> ALL = load();
  private static final Pattern CHANGE = Pattern.compile("([+-])([A-Z][A-Z0-9_]*)");

  private KnownFeatures() {}

  private static ImmutableList<Feature> load() {
    ImmutableList.Builder<Feature> features = ImmutableList.builder();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.pfnlab.core")) {
      for (JavaField field : type.getFields()) {
        if (field.getRawType().isEquivalentTo(Feature.class)
            && field.getModifiers().contains(JavaModifier.STATIC)) {
          try {
            Class.forName(type.getName(), true, Feature.class.getClassLoader());
            Field constant = field.reflect();
            constant.setAccessible(true);
            features.add((Feature) constant.get(null));
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(field.getFullName(), e);
          }
        }
      }
    }
    return features.build();
  }

  static ImmutableList<Feature> all() {
    return ALL;
  }

  static Feature named(String name) {
    return ALL.stream()
        .filter(feature -> feature.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no feature " + name));
  }

  /** A release, features added (+) and taken away (-). */
  static KernelProfile profile(String spec) {
    KernelProfile profile = KernelProfile.of(spec.replaceFirst("[+-].*", ""));
    Matcher change = CHANGE.matcher(spec);
    while (change.find()) {
      Feature feature = named(change.group(2));
      profile = change.group(1).equals("+") ? profile.with(feature) : profile.without(feature);
    }
    return profile;
  }
}
