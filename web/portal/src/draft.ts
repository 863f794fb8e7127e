/**
 * A form that saves itself. What was typed counts as unsent until the server has said that it has
 * it; what is typed while something is being sent goes with the next sending.
 */

import { reactive } from "vue";
import { asProblem, type Problem } from "./api/problem";

export type Value = string | number | null;

export interface Draft {
  readonly saving: boolean;
  /** Fields that the server has not confirmed yet. */
  readonly unsent: number;
  readonly problem: Problem | null;
  set(name: string, value: Value): void;
  /** Send what is unsent; true when nothing is left. */
  flush(): Promise<boolean>;
}

export function draftOf(send: (changes: Record<string, Value>) => Promise<void>): Draft {
  const changes = new Map<string, Value>();
  const state = reactive<{ saving: boolean; unsent: number; problem: Problem | null }>({
    saving: false,
    unsent: 0,
    problem: null,
  });
  let running: Promise<boolean> | null = null;

  async function sendAll(): Promise<boolean> {
    state.saving = true;
    state.problem = null;
    try {
      while (changes.size > 0) {
        const sent = new Map(changes);
        await send(Object.fromEntries(sent));
        for (const [name, value] of sent) {
          if (changes.get(name) === value) {
            changes.delete(name);
          }
        }
        state.unsent = changes.size;
      }
      return true;
    } catch (error) {
      state.problem = asProblem(error);
      return false;
    } finally {
      state.saving = false;
      running = null;
    }
  }

  return {
    get saving() {
      return state.saving;
    },
    get unsent() {
      return state.unsent;
    },
    get problem() {
      return state.problem;
    },
    set: (name, value) => {
      changes.set(name, value);
      state.unsent = changes.size;
    },
    flush: () => {
      if (changes.size === 0) {
        return running ?? Promise.resolve(true);
      }
      running ??= sendAll();
      return running;
    },
  };
}
