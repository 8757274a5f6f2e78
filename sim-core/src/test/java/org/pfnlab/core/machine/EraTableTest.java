package org.pfnlab.core.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pfnlab.core.gup.GupFlags.FOLL_PIN;
import static org.pfnlab.core.machine.FeatureWorld.AT;
import static org.pfnlab.core.machine.FeatureWorld.PRIVATE;
import static org.pfnlab.core.machine.FeatureWorld.R;
import static org.pfnlab.core.machine.FeatureWorld.RW;
import static org.pfnlab.core.machine.FeatureWorld.SHARED;
import static org.pfnlab.core.machine.FeatureWorld.word;

import com.google.common.collect.ImmutableMap;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pfnlab.core.fault.FaultHandler;
import org.pfnlab.core.kernel.KernelProfile;
import org.pfnlab.core.machine.FeatureTableTest.Row;
import org.pfnlab.core.mm.OpenFile;
import org.pfnlab.core.mm.Vma;

/** What three releases, as they are, answer to the programs that tell kernels apart. */
class EraTableTest {
  private static final String[] RELEASES = {"v5.11", "v6.1.192", "v6.18.2"};

  /** Programs whose answer hangs on more than one feature. */
  private static final ImmutableMap<String, Function<FeatureWorld, Object>> PROGRAMS =
      ImmutableMap.<String, Function<FeatureWorld, Object>>builder()
          .put(
              "pin of a raw frame",
              w -> {
                w.open(SpecialKind.X, 1, RW, SHARED);
                w.load(0);
                return w.gup(FOLL_PIN);
              })
          .put(
              "fork after COW of the first tracked page",
              w -> {
                w.open(SpecialKind.P, 2, RW, PRIVATE);
                w.store(0);
                long child = w.calls.fork(w.process);
                return child < 0 ? word(child) : "ok";
              })
          .put(
              "reservations after fork",
              w -> {
                w.open(SpecialKind.P, 2, RW, SHARED);
                w.fork();
                return w.machine.memtypes().count();
              })
          .put(
              "reservations after a revoke",
              w -> {
                OpenFile file = w.open(SpecialKind.P, 2, RW, SHARED);
                w.machine.unmapMapping().range(file.mapping, 0, 0, true);
                return w.machine.memtypes().count();
              })
          .put(
              "reservations after unmapping the middle, then the rest",
              w -> {
                w.open(SpecialKind.P, 16, RW, SHARED);
                w.calls.munmap(w.process, FeatureWorld.at(4), 4 << 12);
                w.calls.munmap(w.process, AT, 16 << 12);
                return w.machine.memtypes().count();
              })
          .put(
              "faults of a store after mprotect R and RW",
              w -> {
                w.anon(0, 1, RW, PRIVATE);
                w.store(0);
                w.protect(0, 1, R);
                w.protect(0, 1, RW);
                return w.count(FaultHandler.HANDLE_MM_FAULT, () -> w.store(0));
              })
          .put(
              "a second remap of a whole VMA",
              w -> {
                w.open(SpecialKind.P, 1, RW, SHARED);
                Vma vma = w.vma(0);
                return word(
                    w.machine.remapPfn().remapPfnRange(vma, AT, 0xf8000, 4096, vma.pageProt));
              })
          .buildOrThrow();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          pin of a raw frame                                     | 1         | EEXIST    | EEXIST
          fork after COW of the first tracked page               | ok        | ENOMEM    | ok
          reservations after fork                                | 2         | 2         | 1
          reservations after a revoke                            | 0         | 0         | 1
          reservations after unmapping the middle, then the rest | 1         | 1         | 0
          faults of a store after mprotect R and RW              | 1         | 0         | 0
          a second remap of a whole VMA                          | KernelBug | KernelBug | EINVAL
          # the programs of FeatureTableTest
          X86_SAVED_DIRTY               | 0                              | 0                              | 1
          HUGE_ZERO_WP_ALLOCATES        | 1                              | 1                              | 2
          HUGE_FAULT_REFUSES_SPECIAL    | 2                              | 1                              | 2
          PAGE_ANON_EXCLUSIVE           | copied                         | reused                         | reused
          WP_PFN_SHARED_BY_MAYSHARE     | 1                              | 0                              | 0
          UNSHARE_COPIES_ANYTHING       | 0                              | 0                              | 1
          VM_FAULT_WRITE                | 8                              | 8                              | 0
          WP_COPY_TELLS_FAILURE         | WARNING: in wp_page_copy       | WARNING: in wp_page_copy       | WARNING: in __wp_page_copy_user
          FAULT_FLAGS_SANITIZED         | 0                              | 40                             | 40
          PER_VMA_LOCK                  | 1                              | 1                              | 2
          READ_FAULT_MAPS_DIRTY         | false                          | false                          | true
          PIN_UNSHARES_ANON             | shared                         | copied                         | copied
          LONGTERM_PIN_UNSHARES_FILE    | 0                              | 0                              | 1
          GUP_LEAVES_STACK              | 1                              | EFAULT                         | EFAULT
          LONGTERM_NEEDS_PIN            | 1                              | EINVAL                         | EINVAL
          LONGTERM_INSISTS_ON_MIGRATION | 1                              | KernelHang                     | KernelHang
          ZERO_PAGE_NOT_PINNED          | 1024                           | 0                              | 0
          FOLLOW_PFNMAP                 | EINVAL                         | EINVAL                         | f8001
          GUP_FAST_EOVERFLOW            | ok                             | ok                             | EOVERFLOW
          GUP_REFUSES_SECRETMEM         | 1                              | EFAULT                         | EFAULT
          LONGTERM_REFUSES_FILE_BACKED  | 1                              | 1                              | EFAULT
          GUP_FOLL_COW                  | 1                              | 0                              | 0
          GUP_RETURNS_EEXIST            | EFAULT                         | EEXIST                         | EEXIST
          PFNMAP_TRACK_CTX              | ar                             | ar                             | context
          PAT_PFN_FROM_PGOFF            | 1                              | 0                              | 0
          INSERT_MIXED_REFUSES          | KernelBug                      | KernelBug                      | 2
          INSERT_ZERO_PAGE              | false                          | false                          | true
          REMAP_TRACKS_FIRST            | 0                              | 1                              | 1
          ZAP_SKIPS_ONLY_ANON           | true                           | false                          | false
          WRITE_SEAL_ALLOWS_READING     | EPERM                          | ok                             | ok
          SEALS_CHECKED_FIRST           | ''                             | ''                             | A
          IO_URING_INSERTS_PAGES        | rd wr sh mr mw ms pf io de ar dd | rd wr sh mr mw ms pf io de ar dd | rd wr sh mr mw ms de mm
          IO_URING_CHOOSES_ADDRESS      | ok                             | ok                             | EINVAL
          VDSO_DATASTORE                | SIGBUS/BUS_ADRERR              | SIGBUS/BUS_ADRERR              | 0
          SMAPS_LOCKONFAULT             | rd wr mr mw me lo ?? ac        | rd wr mr mw me lo ?? ac        | rd wr mr mw me lo lf ac
          VMA_LOCK_FOR_FILES            | 1                              | 1                              | 2
          DIRECT_IO_PINS                | shared                         | shared                         | copied
          URING_TAKES_SHMEM             | EOPNOTSUPP                     | ok                             | ok
          URING_REFUSES_FILES           | EOPNOTSUPP                     | EOPNOTSUPP                     | ok
          URING_PINS_FAST               | EFAULT                         | EFAULT                         | ok
          URING_REFUSES_MIXED_FILES     | EOPNOTSUPP                     | EINVAL                         | ok
          WRITE_FAULTS_IN_PARTLY        | EFAULT                         | 3996                           | 3996
          SMAPS_WALKS_PFNMAP            | 0                              | 0                              | 1
          MADVISE_UNDER_VMA_LOCK        | 0                              | 0                              | 1
          MADV_COLLAPSES                | EINVAL                         | ok                             | ok
          MADV_DONTNEED_OF_LOCKED       | EINVAL                         | ok                             | ok
          MADV_POPULATE                 | EINVAL                         | ok                             | ok
          MADV_POPULATE_ENDS_AT_HOLE    | false                          | true                           | false
          MOVE_PAGES_WALKS_FOLIOS       | EFAULT                         | EFAULT                         | ENOENT
          FOLLOW_PAGE_SKIPS_PROTNONE    | ok                             | ENOENT                         | ok
          PT_RECLAIM                    | false                          | false                          | true
          GUARD_REGIONS                 | EINVAL                         | EINVAL                         | ok
          GUARD_REGIONS_IN_FILES        | EINVAL                         | EINVAL                         | ok
          MADV_REMOVE_ASKS_MAYWRITE     | EACCES                         | ok                             | ok
          UFFD_MINOR                    | EINVAL                         | ok                             | ok
          UFFD_WP_SHMEM                 | EINVAL                         | ok                             | ok
          UFFD_WP_ASYNC                 | EINVAL                         | EINVAL                         | ok
          POPULATE_SKIPS_ONFAULT        | ENOMEM                         | ok                             | ok
          UNFAULTED_UNACCOUNTED         | rd mr mw me ac                 | rd mr mw me ac                 | rd mr mw me
          MAP_DROPPABLE_TYPE            | EINVAL                         | EINVAL                         | ok
          MSEAL                         | ENOSYS                         | ENOSYS                         | ok
          FORK_OPENS_FIRST              | filled                         | empty                          | empty
          MREMAP_LOOKS_UP_FIRST         | EINVAL                         | EFAULT                         | EINVAL
          MREMAP_CHECKS_FIRST           | AA                             | AA                             | AA..B
          MREMAP_MOVES_SEVERAL          | EFAULT                         | EFAULT                         | ok
          DONTUNMAP_ANY_VMA             | EINVAL                         | ok                             | ok
          MREMAP_GROWS_BY_MERGE         | ok                             | ENOMEM                         | ENOMEM
          MERGE_FAULTED_INTO_UNFAULTED  | AB                             | AB                             | AA
          MERGE_KEEPS_CLOSE             | AABC                           | AABC                           | AAAB
          """)
  void releases(String name, String first, String second, String third) {
    String[] expected = {first, second, third};
    for (int i = 0; i < RELEASES.length; i++) {
      assertThat(row(name).answer(KernelProfile.of(RELEASES[i])))
          .as(RELEASES[i])
          .isEqualTo(expected[i]);
    }
  }

  private static Row row(String name) {
    Function<FeatureWorld, Object> program = PROGRAMS.get(name);
    return program != null
        ? new Row(KnownFeatures.all().get(0), "", "", "", program)
        : FeatureTableTest.rows().stream()
            .filter(row -> row.feature().name().equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no program " + name));
  }
}
