package org.pfnlab.lab.cost;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pfnlab.lab.print.Cell;
import org.pfnlab.lab.print.Column;
import org.pfnlab.lab.print.Document;
import org.pfnlab.lab.print.Figures;
import org.pfnlab.lab.print.Table;

/**
 * docs/cost-model.md holds the prices that the code uses. With {@code -Dpfnlab.golden=FOLDER} it is
 * written anew first.
 */
final class CostDocumentTest {
  private static final Path DOCUMENT = Path.of("../docs/cost-model.md");

  private static Table prices(List<Price> prices) {
    Table.Builder table =
        Table.of(
            Column.words("part", "part"),
            Column.words("event", "event"),
            Column.figures("low", "low"),
            Column.figures("typical", "typical"),
            Column.figures("high", "high"),
            Column.words("source", "source"));
    for (Price price : prices) {
      table.row(
          Cell.of(price.part()),
          Cell.of(price.event()),
          Cell.of(Figures.number(price.each().low())),
          Cell.of(Figures.number(price.each().typical())),
          Cell.of(Figures.number(price.each().high())),
          Cell.of(price.source()));
    }
    return table.build();
  }

  /** The prices of a profile that are not the server's. */
  private static Table ownPrices(String profile) throws IOException {
    List<Price> server = CostModel.standard().prices();
    return prices(
        CostProfile.find(profile).prices().stream().filter(p -> !server.contains(p)).toList());
  }

  private static String document() throws IOException {
    Table.Builder strategies =
        Table.of(Column.words("strategy", "strategy"), Column.words("what it does", "about"));
    for (Strategy strategy : Strategies.all()) {
      strategies.row(Cell.of(strategy.name()), Cell.of(strategy.about()));
    }
    return "# Counts and prices\n\n"
        + Document.build()
            .paragraph(
                "A strategy is run on the model, which counts what the kernel does: exactly, and the"
                    + " same each time. `pfnlab cost` and `pfnlab report` multiply each count by the"
                    + " price of its event, in ns, and add up; a range goes from everything cheap to"
                    + " everything dear. An event that is not in the table costs nothing by itself."
                    + " `--profile NAME|FILE` takes another machine's prices, `--costs FILE` replaces"
                    + " prices line by line.")
            .paragraph(
                "The profile server is an x86-64 server near 3 GHz, one thread, nobody else on its locks."
                    + " \"Measured\" figures are medians of loops in user space on a virtual machine"
                    + " of two CPUs (AMD EPYC Zen 4, 2.6 GHz): good for ratios, not for absolute"
                    + " times. \"Estimate\" figures are recalled or derived, not measured."
                    + " `@cold` prices count where a strategy runs on cold caches.")
            .table(prices(CostModel.standard().prices()))
            .heading("Profile mobile-2012")
            .paragraph(
                "A mobile CPU of 2012, without page-table isolation and retpolines. What is not here"
                    + " costs what it costs on the server.")
            .table(ownPrices("mobile-2012"))
            .heading("Profile vm")
            .paragraph(
                "A present virtual machine of two CPUs. What is not here costs what it costs on the"
                    + " server.")
            .table(ownPrices("vm"))
            .heading("Strategies")
            .paragraph("From floor to ceiling, those of BARs first, then those of system memory.")
            .table(strategies.build())
            .done()
            .markdown();
  }

  @Test
  void documentHasThePricesOfTheCode() throws IOException {
    String update = System.getProperty("pfnlab.golden");
    if (update != null) {
      Files.createDirectories(DOCUMENT.getParent());
      Files.writeString(DOCUMENT, document());
    }
    assertThat(Files.readString(DOCUMENT)).isEqualTo(document());
  }
}
