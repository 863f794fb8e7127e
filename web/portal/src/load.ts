/** Fetching what a page shows, and sending what a form says, with their states. */

import { getCurrentScope, onScopeDispose, reactive, type UnwrapNestedRefs } from "vue";
import { Attempt, newId } from "./api/attempt";
import { asProblem, type Problem } from "./api/problem";

interface LoadState<T> {
  data: T | null;
  loading: boolean;
  problem: Problem | null;
}

export interface Load<T> {
  readonly data: T | null;
  readonly loading: boolean;
  readonly problem: Problem | null;
  /** Fetch anew; with `quietly`, what is shown stays until the answer is there. */
  reload(quietly?: boolean): Promise<void>;
  /** Show this from now on: an act has answered with the newest state. */
  put(data: T): void;
}

/** Fetch one thing, at once unless told otherwise; an answer that comes after the page is dropped. */
export function useLoad<T>(fetch: () => Promise<T>, options: { later?: boolean } = {}): Load<T> {
  const state = reactive({ data: null, loading: options.later !== true, problem: null }) as LoadState<T>;
  let turn = 0;
  if (getCurrentScope() !== undefined) {
    onScopeDispose(() => {
      turn = -1;
    });
  }

  async function reload(quietly = false): Promise<void> {
    if (turn < 0) {
      return;
    }
    turn += 1;
    const mine = turn;
    state.loading = !quietly || state.data === null;
    try {
      const data = await fetch();
      if (mine === turn) {
        state.data = data;
        state.problem = null;
      }
    } catch (error) {
      const problem = asProblem(error);
      if (mine === turn && !problem.isDropped && !(quietly && state.data !== null)) {
        state.problem = problem;
      }
    } finally {
      if (mine === turn) {
        state.loading = false;
      }
    }
  }

  if (options.later !== true) {
    void reload();
  }
  return {
    get data() {
      return state.data;
    },
    get loading() {
      return state.loading;
    },
    get problem() {
      return state.problem;
    },
    reload,
    put: (data) => {
      turn += 1;
      state.data = data;
      state.problem = null;
      state.loading = false;
    },
  };
}

export interface Form<V extends object> {
  readonly values: UnwrapNestedRefs<V>;
  readonly busy: boolean;
  readonly problem: Problem | null;
  /** What is wrong with a field, in the server's words or the page's, or an empty text. */
  wrong(field: string): string;
  /** Say that a field is wrong before anything is sent. */
  refuse(field: string, words: string): void;
  /** Start over: nothing is wrong. */
  clear(): void;
  /** Send with one key for this act; returns whether it was done. */
  send(act: (key: string) => Promise<void>): Promise<boolean>;
}

/** A form: its values, what is wrong with them, and one send at a time. */
export function useForm<V extends object>(first: V): Form<V> {
  const values = reactive({ ...first }) as UnwrapNestedRefs<V>;
  const state = reactive<{ busy: boolean; problem: Problem | null; own: Record<string, string> }>({
    busy: false,
    problem: null,
    own: {},
  });
  const attempt = new Attempt(newId);
  return {
    values,
    get busy() {
      return state.busy;
    },
    get problem() {
      return state.problem;
    },
    wrong: (field) =>
      state.own[field] ?? state.problem?.fields.find((one) => isAbout(one.field, field))?.words ?? "",
    refuse: (field, words) => {
      state.own[field] = words;
    },
    clear: () => {
      state.own = {};
      state.problem = null;
    },
    send: async (act) => {
      if (state.busy) {
        return false;
      }
      state.busy = true;
      state.problem = null;
      state.own = {};
      try {
        await act(attempt.keyFor(values));
        attempt.done();
        return true;
      } catch (error) {
        const problem = asProblem(error);
        attempt.failed(problem);
        state.problem = problem.isDropped ? null : problem;
        return false;
      } finally {
        state.busy = false;
      }
    },
  };
}

/** A finding at `data.shop.city` or `shop.city` is about the field `city` and about `shop.city`. */
export function isAbout(path: string, field: string): boolean {
  return path === field || path.endsWith(`.${field}`);
}
