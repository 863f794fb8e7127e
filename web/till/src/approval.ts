/** The course of one approval: asked for, sent with its act, refused or done. */

import { ref } from "vue";
import type { Answer } from "./link";
import type { Supervisor } from "./protocol";

export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** Refusals that are about the approval itself: it is asked for again, the act stays as it is. */
const ABOUT_APPROVAL = new Set([
  "wrong_password",
  "log_in_wait",
  "not_a_supervisor",
  "supervisor_needed",
]);

/** Send an act, with somebody's approval where it needs one; what was refused is said, nothing lost. */
export function useApproval(send: (supervisor?: Supervisor) => Promise<Answer>): {
  readonly asking: Readonly<{ value: boolean }>;
  readonly busy: Readonly<{ value: boolean }>;
  readonly error: Readonly<{ value: Words | null }>;
  ask(): void;
  close(): void;
  forget(): void;
  run(supervisor?: Supervisor): Promise<void>;
} {
  const asking = ref(false);
  const busy = ref(false);
  const error = ref<Words | null>(null);
  return {
    asking,
    busy,
    error,
    ask() {
      error.value = null;
      asking.value = true;
    },
    close() {
      asking.value = false;
    },
    forget() {
      error.value = null;
    },
    async run(supervisor) {
      if (busy.value) {
        return;
      }
      busy.value = true;
      const answer = await send(supervisor);
      busy.value = false;
      // The block over the whole page already says that the terminal is gone.
      if (!answer.ok && answer.error.code !== "already_sent") {
        error.value = answer.error;
        asking.value = ABOUT_APPROVAL.has(answer.error.code);
      }
    },
  };
}
