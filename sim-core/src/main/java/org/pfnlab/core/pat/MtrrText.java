package org.pfnlab.core.pat;

import com.google.common.base.Splitter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * /proc/mtrr as text: {@code reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable}.
 */
final class MtrrText {
  private static final Pattern LINE =
      Pattern.compile(
          "reg(\\d{1,3}): base=0x([0-9a-f]{1,13}) *\\( *\\d+MB\\),"
              + " size= *(\\d{1,9})([KM])B, count=\\d+: (\\S+)");

  private MtrrText() {}

  static Mtrr parse(CharSequence text) {
    List<Matcher> ranges = new ArrayList<>();
    int registers = Mtrr.USUAL_REGISTERS;
    int number = 0;
    for (String line : Splitter.on('\n').split(text)) {
      number++;
      Matcher matcher = LINE.matcher(line.strip());
      if (line.isBlank()) {
        continue;
      }
      if (!matcher.matches() || MtrrType.named(matcher.group(5)) == null) {
        throw new IllegalArgumentException(
            ("line " + number + ": expected a line of /proc/mtrr like")
                + " 'reg00: base=0x080000000 ( 2048MB), size= 2048MB, count=1: uncachable', got '"
                + (line.strip() + "'"));
      }
      ranges.add(matcher);
      registers = Math.max(registers, Integer.parseInt(matcher.group(1)) + 1);
    }
    Mtrr mtrr = Mtrr.of(MtrrType.WB, registers);
    for (Matcher range : ranges) {
      MtrrType type = MtrrType.named(range.group(5));
      if (type != null) {
        long unit = range.group(4).equals("K") ? 1L << 10 : 1L << 20;
        mtrr.set(
            Integer.parseInt(range.group(1)),
            Long.parseLong(range.group(2), 16),
            Long.parseLong(range.group(3)) * unit,
            type);
      }
    }
    return mtrr;
  }
}
