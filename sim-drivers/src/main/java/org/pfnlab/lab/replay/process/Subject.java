package org.pfnlab.lab.replay.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;

/** What is being judged: it does what an operation says and answers in the recorder's words. */
interface Subject {
  /**
   * Performs an operation.
   *
   * @throws org.pfnlab.lab.verdict.NotModelled if it cannot be asked that
   * @throws org.pfnlab.lab.BadInput if the operation names something that is not there
   */
  ObjectNode perform(Operation operation);

  /** The address space around what the operation touched, as it is now. */
  ImmutableList<String> picture(Operation operation);
}
