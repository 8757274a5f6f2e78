package org.pfnlab.core.iomem;

import org.pfnlab.core.kernel.Kernel;

/**
 * /proc/iomem as text: one line a resource, two spaces a level, inclusive ends.
 *
 * <pre>
 *   000a0000-000bffff : PCI Bus 0000:00
 *     000a0000-000affff : 0000:00:02.0
 * </pre>
 *
 * <p>Everything that a kernel could print is accepted: addresses of eight or more digits (of four
 * in a tree that ends there), CRLF line ends, children as large as their parent, {@code <BAD>} for
 * a missing name. The kernel indents up to five levels (eight since v7.0) and prints what lies
 * deeper at that same indentation; such resources are put where they lie.
 */
public final class IomemText {
  private IomemText() {}

  /**
   * Reads a tree for a kernel. Flags and descriptions are not printed; they follow from names and
   * places (the table in {@code ResourceNames}): RAM, ROMs, windows and BARs are known by name,
   * other leaves are drivers' claims and busy.
   *
   * @throws IomemFormatException if the text is damaged, or shows zeros instead of addresses
   */
  public static ResourceTree parse(Kernel kernel, CharSequence text) {
    IomemLines lines = new IomemLines();
    try {
      lines.read(text);
    } catch (IomemFormatException syntax) {
      // The line that does not parse is the one to report only if those before it make a tree.
      new IomemNesting(lines).build();
      throw syntax;
    }
    if (lines.addressesHidden()) {
      throw IomemFormatException.hidden();
    }
    return new ResourceTree(kernel, new IomemNesting(lines).build());
  }

  /** Prints a tree as its kernel does. */
  public static String print(ResourceTree tree) {
    int levels =
        tree.kernel().has(IomemFeatures.IORES_LEVEL_8)
            ? IomemNesting.LEVELS_SINCE_V7_0
            : IomemNesting.LEVELS;
    int digits = tree.digits();
    StringBuilder text = new StringBuilder(tree.size() * 48);
    for (int i = 0; i < tree.size(); i++) {
      for (int level = Math.min(tree.depth(i), levels); level > 0; level--) {
        text.append("  ");
      }
      appendHex(text, tree.start(i), digits);
      text.append('-');
      appendHex(text, tree.end(i), digits);
      String name = tree.name(i);
      text.append(" : ").append(name == null ? IomemLines.NO_NAME : name).append('\n');
    }
    return text.toString();
  }

  private static void appendHex(StringBuilder text, long address, int digits) {
    String hex = Long.toHexString(address);
    text.append("0".repeat(Math.max(0, digits - hex.length()))).append(hex);
  }
}
