package org.pfnlab.lab.replay.battery;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What a kernel took garbage for. Nobody can tell what follows, only what did not happen. */
enum Garbage {
  /** Nothing: everything can be judged. */
  NONE,

  /** A pin was granted for a page that was never stored; it was not refused. */
  FALSE_PIN {
    @Override
    ObjectNode judged(ObjectNode recorded) {
      boolean refused =
          recorded.path("ret").asText().equals("EFAULT")
              || (recorded.has("gup_pages") && recorded.path("gup_pages").asInt() == 0);
      return JsonNodeFactory.instance.objectNode().put("pin_granted", !refused);
    }

    @Override
    ObjectNode modelled(ObjectNode answer) {
      return JsonNodeFactory.instance.objectNode().put("pin_granted", true);
    }
  },

  /** A fault handler mapped what lies behind its array of pages; it did not answer SIGBUS. */
  READ_BEHIND {
    @Override
    ObjectNode judged(ObjectNode recorded) {
      boolean refused = recorded.path("new_grown_last").asText().startsWith("SIGBUS");
      return JsonNodeFactory.instance.objectNode().put("fault_refused", refused);
    }

    @Override
    ObjectNode modelled(ObjectNode answer) {
      return JsonNodeFactory.instance.objectNode().put("fault_refused", false);
    }
  };

  /** What of a recorded answer can be judged. */
  ObjectNode judged(ObjectNode recorded) {
    return recorded;
  }

  /** What of the model's answer is compared with it. */
  ObjectNode modelled(ObjectNode answer) {
    return answer;
  }
}
