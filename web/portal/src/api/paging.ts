/** Lists that come in pages: `items` and a cursor for what follows. */

import { reactive } from "vue";
import { asProblem, type Problem } from "./problem";

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | null;
}

export interface Pages<T> {
  readonly items: readonly T[];
  readonly loading: boolean;
  readonly loaded: boolean;
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  /** Begin anew: what was asked for before is dropped, even if its answer is still to come. */
  reload(): Promise<void>;
  /** Fetch what follows; does nothing while a page is on its way or when there is no more. */
  more(): Promise<void>;
}

interface State<T> {
  items: T[];
  loading: boolean;
  loaded: boolean;
  next: string | null;
  problem: Problem | null;
}

/** Read a list page by page with `fetchPage(cursor)`; the first call has no cursor. */
export function pagesOf<T>(fetchPage: (cursor: string | null) => Promise<Page<T>>): Pages<T> {
  const state = reactive<State<T>>({
    items: [],
    loading: false,
    loaded: false,
    next: null,
    problem: null,
  }) as State<T>;
  let turn = 0;

  async function fetch(cursor: string | null): Promise<void> {
    turn += 1;
    const mine = turn;
    state.loading = true;
    state.problem = null;
    try {
      const page = await fetchPage(cursor);
      if (mine === turn) {
        state.items = cursor === null ? [...page.items] : [...state.items, ...page.items];
        state.next = page.next_cursor ?? null;
        state.loaded = true;
      }
    } catch (error) {
      const problem = asProblem(error);
      if (mine === turn && !problem.isDropped) {
        state.problem = problem;
      }
    } finally {
      if (mine === turn) {
        state.loading = false;
      }
    }
  }

  return {
    get items() {
      return state.items;
    },
    get loading() {
      return state.loading;
    },
    get loaded() {
      return state.loaded;
    },
    get hasMore() {
      return state.next !== null;
    },
    get problem() {
      return state.problem;
    },
    reload: () => fetch(null),
    more: async () => {
      if (!state.loading && state.next !== null) {
        await fetch(state.next);
      }
    },
  };
}
