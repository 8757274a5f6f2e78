package org.pfnlab.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;

/**
 * The rooms of the modelled kernel, in order: a room imports only rooms above it. {@code meter}
 * stands before {@code kernel}, because everything that gets the {@code Kernel} gets its meter.
 */
final class Rooms {
  static final List<String> IN_ORDER =
      List.of(
          "meter",
          "kernel",
          "pagetable",
          "phys",
          "iomem",
          "pat",
          "mm",
          "pfnmap",
          "rmap",
          "insert",
          "iomap",
          "fault",
          "gup",
          "vma",
          "file",
          "task",
          "machine");

  private Rooms() {}

  /** One rule a room: it knows no room below it. A room that does not exist yet breaks no rule. */
  static List<ArchRule> order(String house) {
    List<ArchRule> rules = new ArrayList<>();
    for (int room = 0; room < IN_ORDER.size() - 1; room++) {
      String[] below =
          IN_ORDER.subList(room + 1, IN_ORDER.size()).stream()
              .map(name -> inside(house, name))
              .toArray(String[]::new);
      rules.add(
          noClasses()
              .that()
              .resideInAPackage(inside(house, IN_ORDER.get(room)))
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(below)
              .because(
                  "a room imports only rooms above it, and " + IN_ORDER.get(room) + " is above")
              .allowEmptyShould(true));
    }
    return rules;
  }

  /** Nothing lives outside the rooms, where the order would not see it. */
  static ArchRule nothingOutside(String house) {
    String[] rooms = IN_ORDER.stream().map(name -> inside(house, name)).toArray(String[]::new);
    return classes()
        .that()
        .resideInAPackage(house + "..")
        .should()
        .resideInAnyPackage(rooms)
        .because("a class outside every room escapes their order");
  }

  private static String inside(String house, String room) {
    return house + "." + room + "..";
  }
}
