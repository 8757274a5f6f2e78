package org.pfnlab.core.iomem;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pfnlab.core.testing.Shrinking;

/**
 * Random programs on the flat tree and on the linked one: same results, same trees, same visits.
 */
final class ResourceTreeRandomTest {
  private static final long UNIT = 0x400;
  private static final int[] FLAGS = {
    Iores.MEM,
    Iores.MEM | Iores.BUSY,
    Iores.MEM | Iores.BUSY | Iores.EXCLUSIVE,
    Iores.SYSTEM_RAM | Iores.BUSY,
    Iores.SYSTEM_RAM | Iores.BUSY | Iores.EXCLUSIVE
  };

  /** One step; {@code victim} picks an earlier resource as parent or as what is released. */
  private record Step(String op, long start, long end, int flags, int desc, int victim) {
    @Override
    public String toString() {
      return "%s %x-%x flags %x desc %d victim %d".formatted(op, start, end, flags, desc, victim);
    }
  }

  private static List<Step> program(long seed, int steps) {
    Random random = new Random(seed);
    String[] ops = {
      "request",
      "insert",
      "insert",
      "insert-root",
      "expand",
      "region",
      "region",
      "region-exclusive",
      "release-region",
      "release",
      "remove"
    };
    List<Step> program = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      long start = random.nextInt(120) * UNIT;
      int length = random.nextInt(8) == 0 ? 60 : 1 + random.nextInt(12);
      program.add(
          new Step(
              ops[random.nextInt(ops.length)],
              start,
              start + length * UNIT - (random.nextInt(6) == 0 ? 0x100 : 1),
              FLAGS[random.nextInt(FLAGS.length)],
              random.nextInt(3) * 4 % 7,
              random.nextInt(1000)));
    }
    return program;
  }

  /** Runs a program on both; answers what differs first, or null. */
  private static @Nullable String difference(String version, List<Step> program) {
    return difference(version, program, new LinkedResourceTree());
  }

  private static @Nullable String difference(
      String version, List<Step> program, LinkedResourceTree linked) {
    ResourceTree flat = new ResourceTree(Trees.kernel(version));
    List<Long> handles = new ArrayList<>();
    List<LinkedResourceTree.Node> nodes = new ArrayList<>();
    handles.add((long) ResourceTree.ROOT);
    nodes.add(linked.root);
    for (Step step : program) {
      int victim = step.victim % handles.size();
      long handle = handles.get(victim);
      LinkedResourceTree.Node node = nodes.get(victim);
      boolean alive = victim == 0 || linked.holds(node);
      if (alive != (victim == 0 || flat.indexOf((int) handle) >= 0)) {
        return step + ": only one of them still holds the victim";
      }
      LinkedResourceTree.Node fresh =
          new LinkedResourceTree.Node(step.start, step.end, step.op, step.flags, step.desc);
      long length = step.end - step.start + 1;
      long result = 0;
      boolean expected = true;
      LinkedResourceTree.Node added = null;
      switch (step.op) {
        case "request" -> {
          if (alive) {
            result =
                flat.requestResource(
                    (int) handle, step.start, step.end, step.op, step.flags, step.desc);
            expected = linked.request(node, fresh);
            added = fresh;
          }
        }
        case "insert" -> {
          if (alive) {
            result =
                flat.insertResource(
                    (int) handle, step.start, step.end, step.op, step.flags, step.desc);
            expected = linked.insert(node, fresh) == null;
            added = fresh;
          }
        }
        case "insert-root" -> {
          result =
              flat.insertResource(
                  ResourceTree.ROOT, step.start, step.end, step.op, step.flags, step.desc);
          expected = linked.insert(linked.root, fresh) == null;
          added = fresh;
        }
        case "expand" -> {
          result =
              flat.insertResourceExpandToFit(step.start, step.end, step.op, step.flags, step.desc);
          added = linked.insertExpandToFit(fresh);
          expected = added != null;
        }
        case "region" -> {
          result = flat.requestMemRegion(step.start, length, step.op);
          added = linked.requestRegion(step.start, step.end, step.op, 0);
          expected = added != null;
        }
        case "region-exclusive" -> {
          result = flat.requestMemRegionExclusive(step.start, length, step.op);
          added = linked.requestRegion(step.start, step.end, step.op, Iores.EXCLUSIVE);
          expected = added != null;
        }
        case "release-region" -> {
          long start = victim == 0 ? step.start : node.start;
          long end = victim == 0 ? step.end : node.end;
          result = flat.releaseMemRegion(start, end - start + 1);
          expected = linked.releaseRegion(start, end);
        }
        default -> {
          if (alive && victim != 0) {
            boolean withChildren = step.op.equals("release");
            result =
                withChildren
                    ? flat.releaseResource((int) handle)
                    : flat.removeResource((int) handle);
            linked.release(node, withChildren);
          }
        }
      }
      if (result >= 0 != expected) {
        return step + ": " + result + ", the reference " + (expected ? "succeeds" : "fails");
      }
      if (result > 0 && added != null) {
        handles.add(result);
        nodes.add(added);
      }
      flat.checkInvariants();
      String different = compare(flat, linked, step);
      if (different != null) {
        return different;
      }
    }
    return null;
  }

  private static @Nullable String compare(ResourceTree flat, LinkedResourceTree linked, Step step) {
    StringBuilder dump = new StringBuilder();
    for (int i = 0; i < flat.size(); i++) {
      dump.append(
          "%d %x-%x %s%n".formatted(flat.depth(i), flat.start(i), flat.end(i), flat.name(i)));
    }
    if (!dump.toString().equals(linked.dump())) {
      return step + ":\n" + dump + "but the reference has\n" + linked.dump();
    }
    Random random = new Random(step.hashCode());
    for (int i = 0; i < 4; i++) {
      long start = random.nextInt(130) * UNIT;
      long end = start + (1 + random.nextInt(16)) * UNIT - 1;
      int flags = FLAGS[random.nextInt(FLAGS.length)];
      int desc = random.nextInt(3) == 0 ? 4 : 0;
      for (ResourceWalk how : ResourceWalk.values()) {
        NodeSearch search = new NodeSearch(flat.nodes(), false);
        int found = search.find(how, start, end, flags, desc);
        LinkedResourceTree.Node node = linked.find(how, start, end, flags, desc);
        boolean same =
            node == null
                ? found < 0
                : found >= 0 && flat.start(found) == node.start && flat.end(found) == node.end;
        if (!same || search.visited != linked.visited) {
          return "%s: %s walk of %x-%x found %d in %d visits, the reference needs %d"
              .formatted(step, how, start, end, found, search.visited, linked.visited);
        }
      }
      boolean descends = flat.kernel().has(IomemFeatures.REGION_INTERSECTS_DESCENDS);
      RegionOverlap overlap = flat.regionIntersects(start, end - start + 1, flags, desc);
      RegionOverlap expected = linked.regionIntersects(descends, start, end, flags, desc);
      if (overlap != expected) {
        return "%s: region_intersects of %x-%x is %s, not %s"
            .formatted(step, start, end, overlap, expected);
      }
    }
    return null;
  }

  @ParameterizedTest
  @ValueSource(strings = {"v5.0", "v5.11", "v6.1", "v6.1.192", "v6.18.2"})
  void behavesAsTheLinkedTree(String version) {
    for (long seed = 1; seed <= 80; seed++) {
      List<Step> program = program(seed, 60);
      String different = difference(version, program);
      if (different != null) {
        List<Step> smallest = Shrinking.shrink(program, part -> difference(version, part) != null);
        throw new AssertionError(
            "seed %d on %s: %s%nsmallest program:%n%s%nwhere %s"
                .formatted(seed, version, different, smallest, difference(version, smallest)));
      }
    }
  }

  /** A reference that miscounts one kind of walk. */
  private static final class Miscounting extends LinkedResourceTree {
    @Override
    @Nullable Node find(ResourceWalk how, long start, long end, int flags, int desc) {
      Node found = super.find(how, start, end, flags, desc);
      if (how == ResourceWalk.SIBLINGS_THEN_PREORDER && found != null) {
        visited++;
      }
      return found;
    }
  }

  /** The canary: a wrong count must be noticed, and shrunk to the one region that shows it. */
  @Test
  void aWrongCountIsNoticedAndShrunk() {
    List<Step> program = program(1, 60);
    assertThat(difference("v6.1", program, new Miscounting())).contains("SIBLINGS_THEN_PREORDER");
    assertThat(
            Shrinking.shrink(program, part -> difference("v6.1", part, new Miscounting()) != null))
        .hasSize(1);
  }
}
