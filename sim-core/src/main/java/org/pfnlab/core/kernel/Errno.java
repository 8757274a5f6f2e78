package org.pfnlab.core.kernel;

import com.google.common.collect.ImmutableMap;

/**
 * Error numbers of x86-64 Linux (uapi errno-base.h, errno.h). A modelled call returns {@code >= 0}
 * or one of these negated, as the kernel does inside.
 */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int E2BIG = 7;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;
  public static final int ETXTBSY = 26;
  public static final int EFBIG = 27;
  public static final int ENOSPC = 28;
  public static final int ESPIPE = 29;
  public static final int EMLINK = 31;
  public static final int ERANGE = 34;
  public static final int EDEADLK = 35;
  public static final int ENOSYS = 38;
  public static final int ENODATA = 61;
  public static final int EOVERFLOW = 75;
  public static final int EBADFD = 77;
  public static final int EOPNOTSUPP = 95;
  public static final int ETIMEDOUT = 110;
  public static final int EREMOTEIO = 121;
  public static final int EHWPOISON = 133;

  private static final ImmutableMap<Integer, String> NAMES =
      ImmutableMap.<Integer, String>builder()
          .put(EPERM, "EPERM")
          .put(ENOENT, "ENOENT")
          .put(EINTR, "EINTR")
          .put(EIO, "EIO")
          .put(ENXIO, "ENXIO")
          .put(E2BIG, "E2BIG")
          .put(EBADF, "EBADF")
          .put(EAGAIN, "EAGAIN")
          .put(ENOMEM, "ENOMEM")
          .put(EACCES, "EACCES")
          .put(EFAULT, "EFAULT")
          .put(EBUSY, "EBUSY")
          .put(EEXIST, "EEXIST")
          .put(ENODEV, "ENODEV")
          .put(EINVAL, "EINVAL")
          .put(ENFILE, "ENFILE")
          .put(EMFILE, "EMFILE")
          .put(ENOTTY, "ENOTTY")
          .put(ETXTBSY, "ETXTBSY")
          .put(EFBIG, "EFBIG")
          .put(ENOSPC, "ENOSPC")
          .put(ESPIPE, "ESPIPE")
          .put(EMLINK, "EMLINK")
          .put(ERANGE, "ERANGE")
          .put(EDEADLK, "EDEADLK")
          .put(ENOSYS, "ENOSYS")
          .put(ENODATA, "ENODATA")
          .put(EOVERFLOW, "EOVERFLOW")
          .put(EBADFD, "EBADFD")
          .put(EOPNOTSUPP, "EOPNOTSUPP")
          .put(ETIMEDOUT, "ETIMEDOUT")
          .put(EREMOTEIO, "EREMOTEIO")
          .put(EHWPOISON, "EHWPOISON")
          .buildOrThrow();

  private Errno() {}

  /** The symbol of an error number, given positive or negated: {@code EINVAL}. */
  public static String name(long errno) {
    int positive = (int) Math.abs(errno);
    String name = NAMES.get(positive);
    return name != null ? name : "errno " + positive;
  }

  /** Whether a modelled call's result is an error. */
  public static boolean isError(long result) {
    return result < 0 && result >= -4095;
  }
}
