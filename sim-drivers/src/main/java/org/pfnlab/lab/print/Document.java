package org.pfnlab.lab.print;

import com.google.common.collect.ImmutableList;

/**
 * A result that consists of more than one table: headings, paragraphs, tables and plots, to be
 * printed as plain text or as Markdown.
 *
 * @param blocks from top to bottom
 */
public record Document(ImmutableList<Block> blocks) {
  private static final int WIDTH = 100;

  /** A part of a document. */
  public sealed interface Block {}

  private record Heading(String text) implements Block {}

  private record Paragraph(String text) implements Block {}

  private record Items(ImmutableList<String> texts) implements Block {}

  private record Grid(Table table) implements Block {}

  private record Picture(String text) implements Block {}

  /** An empty document to be filled. */
  public static Builder build() {
    return new Builder();
  }

  /** Collects blocks. */
  public static final class Builder {
    private final ImmutableList.Builder<Block> blocks = ImmutableList.builder();

    private Builder() {}

    /** A title for what follows. */
    public Builder heading(String text) {
      blocks.add(new Heading(text));
      return this;
    }

    /** A paragraph; plain text is wrapped. */
    public Builder paragraph(String text) {
      blocks.add(new Paragraph(text));
      return this;
    }

    /** A list. */
    public Builder items(Iterable<String> texts) {
      blocks.add(new Items(ImmutableList.copyOf(texts)));
      return this;
    }

    /** A table. */
    public Builder table(Table table) {
      blocks.add(new Grid(table));
      return this;
    }

    /** Lines that stay as they are. */
    public Builder picture(String text) {
      blocks.add(new Picture(text));
      return this;
    }

    /** The document. */
    public Document done() {
      return new Document(blocks.build());
    }
  }

  /** For a terminal, at most 100 columns wide but for tables. */
  public String text(boolean colour) {
    StringBuilder to = new StringBuilder();
    for (Block block : blocks) {
      if (to.length() > 0) {
        to.append('\n');
      }
      if (block instanceof Heading heading) {
        to.append((colour ? Ink.BOLD : Ink.PLAIN).paint(heading.text)).append('\n');
        to.append("=".repeat(heading.text.length())).append('\n');
      } else if (block instanceof Paragraph paragraph) {
        wrap(to, paragraph.text, "", "");
      } else if (block instanceof Items items) {
        items.texts.forEach(item -> wrap(to, item, "- ", "  "));
      } else if (block instanceof Grid grid) {
        to.append(TextTable.print(grid.table, colour));
      } else if (block instanceof Picture picture) {
        to.append(picture.text);
      }
    }
    return to.toString();
  }

  /** As Markdown. */
  public String markdown() {
    StringBuilder to = new StringBuilder();
    for (Block block : blocks) {
      if (to.length() > 0) {
        to.append('\n');
      }
      if (block instanceof Heading heading) {
        to.append("## ").append(heading.text).append('\n');
      } else if (block instanceof Paragraph paragraph) {
        wrap(to, paragraph.text, "", "");
      } else if (block instanceof Items items) {
        items.texts.forEach(item -> wrap(to, item, "- ", "  "));
      } else if (block instanceof Grid grid) {
        MarkdownTable.append(to, grid.table);
      } else if (block instanceof Picture picture) {
        to.append("```\n").append(picture.text).append("```\n");
      }
    }
    return to.toString();
  }

  private static void wrap(StringBuilder to, String text, String first, String others) {
    int column = first.length();
    to.append(first);
    boolean lineBegins = true;
    for (String word : text.split(" +", -1)) {
      if (!lineBegins && column + 1 + word.length() > WIDTH) {
        to.append('\n').append(others);
        column = others.length();
        lineBegins = true;
      }
      to.append(lineBegins ? "" : " ").append(word);
      column += word.length() + (lineBegins ? 0 : 1);
      lineBegins = false;
    }
    to.append('\n');
  }
}
