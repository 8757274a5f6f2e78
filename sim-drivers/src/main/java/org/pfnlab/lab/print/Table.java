package org.pfnlab.lab.print;

import com.google.common.collect.ImmutableList;
import java.util.List;

/**
 * Rows of cells under titled columns; every row has a cell for every column.
 *
 * @param columns what each column holds
 * @param rows the cells, row by row
 */
public record Table(ImmutableList<Column> columns, ImmutableList<ImmutableList<Cell>> rows) {
  /** Checks that the rows fit the columns. */
  public Table {
    for (List<Cell> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            "a row of "
                + row.size()
                + " cells does not fit "
                + columns.size()
                + " columns: "
                + row);
      }
    }
  }

  /** A table that rows are added to. */
  public static Builder of(Column... columns) {
    return of(List.of(columns));
  }

  /** A table that rows are added to. */
  public static Builder of(List<Column> columns) {
    return new Builder(ImmutableList.copyOf(columns));
  }

  /** Collects rows. */
  public static final class Builder {
    private final ImmutableList<Column> columns;
    private final ImmutableList.Builder<ImmutableList<Cell>> rows = ImmutableList.builder();

    private Builder(ImmutableList<Column> columns) {
      this.columns = columns;
    }

    /** One more row. */
    public Builder row(Cell... cells) {
      return row(List.of(cells));
    }

    /** One more row. */
    public Builder row(List<Cell> cells) {
      rows.add(ImmutableList.copyOf(cells));
      return this;
    }

    /** The table. */
    public Table build() {
      return new Table(columns, rows.build());
    }
  }
}
