package org.pfnlab.lab.print;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps, lists, tables, strings, numbers and booleans as JSON, indented by two spaces. A table is an
 * array with an object a row, named by the columns' keys.
 */
public final class Json {
  private Json() {}

  /** Prints one value and a line end. */
  public static void print(@Nullable Object value, PrintWriter out) throws IOException {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter pretty =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Separators.Spacing.AFTER));
    pretty.indentArraysWith(lines);
    pretty.indentObjectsWith(lines);
    try (JsonGenerator to = new JsonFactory().createGenerator(out)) {
      to.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      to.setPrettyPrinter(pretty);
      write(value, to);
    }
    out.print('\n');
  }

  private static void write(@Nullable Object value, JsonGenerator to) throws IOException {
    if (value == null) {
      to.writeNull();
    } else if (value instanceof Map<?, ?> map) {
      to.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        to.writeFieldName(String.valueOf(entry.getKey()));
        write(entry.getValue(), to);
      }
      to.writeEndObject();
    } else if (value instanceof Iterable<?> list) {
      to.writeStartArray();
      for (Object element : list) {
        write(element, to);
      }
      to.writeEndArray();
    } else if (value instanceof Table table) {
      write(table, to);
    } else if (value instanceof Long || value instanceof Integer) {
      to.writeNumber(((Number) value).longValue());
    } else if (value instanceof Double number) {
      to.writeNumber(number);
    } else if (value instanceof Boolean truth) {
      to.writeBoolean(truth);
    } else {
      to.writeString(value.toString());
    }
  }

  private static void write(Table table, JsonGenerator to) throws IOException {
    to.writeStartArray();
    for (List<Cell> row : table.rows()) {
      to.writeStartObject();
      for (int i = 0; i < row.size(); i++) {
        to.writeFieldName(table.columns().get(i).key());
        write(row.get(i).value(), to);
      }
      to.writeEndObject();
    }
    to.writeEndArray();
  }
}
