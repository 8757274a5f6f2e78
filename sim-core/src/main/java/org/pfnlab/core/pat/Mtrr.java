package org.pfnlab.core.pat;

import static org.pfnlab.core.kernel.Errno.EINVAL;
import static org.pfnlab.core.kernel.Errno.ENOSPC;
import static org.pfnlab.core.kernel.Errno.ENXIO;

import java.util.Arrays;

/**
 * Memory type range registers (arch/x86/kernel/cpu/mtrr): memory types by physical address, older
 * and coarser than PAT. Linux asks them when a mapping wants WB.
 *
 * <p>Three layers: fixed ranges below 1 MiB, if there are any; a handful of variable ranges, where
 * overlaps combine ({@link MtrrType#overlap}); the default type for the rest. Addresses are bytes,
 * ends exclusive. Left out: the rendezvous of all CPUs that a change costs, AMD's TOM2.
 */
public final class Mtrr {
  /** The registers that a CPU usually has. */
  public static final int USUAL_REGISTERS = 8;

  private static final long ONE_MIB = 1L << 20;
  private static final int SMALLEST_FIXED_SHIFT = 12;

  private final boolean enabled;
  private final long[] base;
  private final long[] size;
  private final MtrrType[] types;
  private final int[] users;
  private MtrrType defaultType;
  private MtrrType[] fixed = {};

  private Mtrr(boolean enabled, int registers, MtrrType defaultType) {
    this.enabled = enabled;
    this.defaultType = defaultType;
    base = new long[registers];
    size = new long[registers];
    types = new MtrrType[registers];
    users = new int[registers];
    Arrays.fill(types, MtrrType.UC);
  }

  /** MTRRs without a variable range: everything is of the default type. */
  public static Mtrr of(MtrrType defaultType, int registers) {
    return new Mtrr(true, registers, defaultType);
  }

  /** MTRRs that are off, as under some hypervisors. */
  public static Mtrr disabled() {
    return new Mtrr(false, 0, MtrrType.INVALID);
  }

  /**
   * Reads /proc/mtrr, which shows the variable ranges; the default type is taken to be WB, and
   * fixed ranges are not known. An empty text is a machine without variable ranges.
   *
   * @throws IllegalArgumentException naming the line that is none of /proc/mtrr
   */
  public static Mtrr parse(CharSequence text) {
    return MtrrText.parse(text);
  }

  /** Whether MTRRs are on. */
  public boolean enabled() {
    return enabled;
  }

  /** Sets the type of everything that no range covers. */
  public void setDefaultType(MtrrType type) {
    defaultType = type;
  }

  /**
   * Sets the type of fixed ranges, and switches them on; the others get the default type.
   *
   * @param start a multiple of 4 KiB
   * @param end a multiple of 4 KiB, at most 1 MiB
   */
  public void setFixed(long start, long end, MtrrType type) {
    if (start < 0 || end > ONE_MIB || start >= end || ((start | end) & 4095) != 0) {
      throw new IllegalArgumentException(
          ("fixed MTRR " + Long.toHexString(start) + "-" + Long.toHexString(end))
              + " must be whole pages below 100000");
    }
    if (fixed.length == 0) {
      fixed = new MtrrType[(int) (ONE_MIB >> SMALLEST_FIXED_SHIFT)];
      Arrays.fill(fixed, defaultType);
    }
    Arrays.fill(
        fixed, (int) (start >> SMALLEST_FIXED_SHIFT), (int) (end >> SMALLEST_FIXED_SHIFT), type);
  }

  /** Sets a variable range as firmware did, unchecked; {@code length} 0 leaves it unused. */
  void set(int register, long start, long length, MtrrType type) {
    base[register] = start;
    size[register] = length;
    types[register] = type;
    users[register] = length == 0 ? 0 : 1;
  }

  /**
   * mtrr_add: a variable range more, or a user more of one that is there (its rules from memory,
   * not recorded).
   *
   * @param start a multiple of the length
   * @param length a power of two, at least 4096
   * @return the register, or -ENXIO if MTRRs are off, -EINVAL if the range is misaligned or
   *     overlaps a range of an incompatible type, -ENOSPC if no register is free
   */
  public long add(long start, long length, MtrrType type) {
    if (!enabled) {
      return -ENXIO;
    }
    if (length < 4096 || Long.bitCount(length) != 1 || (start & length - 1) != 0) {
      return -EINVAL;
    }
    int free = -1;
    for (int i = 0; i < base.length; i++) {
      if (size[i] == 0) {
        free = free < 0 ? i : free;
        continue;
      }
      if (start >= base[i] + size[i] || start + length <= base[i]) {
        continue;
      }
      boolean enclosed = start >= base[i] && start + length <= base[i] + size[i];
      if (enclosed && types[i] == type) {
        users[i]++;
        return i;
      }
      if (!compatible(types[i], type)) {
        return -EINVAL;
      }
    }
    if (free < 0) {
      return -ENOSPC;
    }
    set(free, start, length, type);
    return free;
  }

  private static boolean compatible(MtrrType a, MtrrType b) {
    return MtrrType.overlap(a, b) != MtrrType.UC || a == MtrrType.UC || b == MtrrType.UC;
  }

  /**
   * mtrr_del: a user less; the last one frees the register.
   *
   * @return the register, or -EINVAL if it is unused
   */
  public long del(int register) {
    if (register < 0 || register >= base.length || users[register] == 0) {
      return -EINVAL;
    }
    if (--users[register] == 0) {
      size[register] = 0;
    }
    return register;
  }

  /** mtrr_type_lookup: the type of [start, end), or INVALID if MTRRs are off. */
  public MtrrType type(long start, long end) {
    if (!enabled) {
      return MtrrType.INVALID;
    }
    if (start < ONE_MIB && fixed.length > 0) {
      return fixed[(int) (start >> SMALLEST_FIXED_SHIFT)];
    }
    MtrrType type = typeAt(start);
    for (long at = boundaryAfter(start, end); at < end; at = boundaryAfter(at, end)) {
      type = MtrrType.overlap(type, typeAt(at));
    }
    return type;
  }

  /** Whether one range, or none, gives all of [start, end) its type. */
  public boolean uniform(long start, long end) {
    if (!enabled || (start < ONE_MIB && fixed.length > 0) || boundaryAfter(start, end) < end) {
      return false;
    }
    int covering = 0;
    for (int i = 0; i < base.length; i++) {
      covering += covers(i, start) ? 1 : 0;
    }
    return covering <= 1;
  }

  private boolean covers(int register, long address) {
    return address >= base[register] && address < base[register] + size[register];
  }

  private MtrrType typeAt(long address) {
    MtrrType type = MtrrType.INVALID;
    for (int i = 0; i < base.length; i++) {
      if (covers(i, address)) {
        type = type == MtrrType.INVALID ? types[i] : MtrrType.overlap(type, types[i]);
      }
    }
    return type == MtrrType.INVALID ? defaultType : type;
  }

  /** The next address where a variable range begins or ends, at most {@code end}. */
  private long boundaryAfter(long address, long end) {
    long boundary = end;
    for (int i = 0; i < base.length; i++) {
      if (size[i] != 0) {
        if (base[i] > address) {
          boundary = Math.min(boundary, base[i]);
        } else if (base[i] + size[i] > address) {
          boundary = Math.min(boundary, base[i] + size[i]);
        }
      }
    }
    return boundary;
  }
}
