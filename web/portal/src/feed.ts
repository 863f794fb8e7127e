/** Follows a merchant's payments as they happen; rests while nobody looks at the page. */

import type { FeedOut, PaymentOut } from "./api/generated";
import { asProblem } from "./api/problem";
import type { Desk } from "./desk";

export interface Follower {
  arrived(payments: readonly PaymentOut[]): void;
  /** The server was heard, whether it had news or not. */
  heard(): void;
  failed(): void;
}

export interface Clockwork {
  later(ms: number, act: () => void): () => void;
  isSeen(): boolean;
}

const REST_MS = 3_000;
const AFTER_FAILURE_MS = 10_000;

const PAGE: Clockwork = {
  later: (ms, act) => {
    const timer = window.setTimeout(act, ms);
    return () => window.clearTimeout(timer);
  },
  isSeen: () => document.visibilityState === "visible",
};

/** Begin; returns how to stop. Ends by itself when the desk is closed. */
export function followPayments(desk: Desk, follower: Follower, clockwork: Clockwork = PAGE): () => void {
  let cursor: string | null = null;
  let stopped = false;
  let cancel = (): void => undefined;

  function rest(ms: number): void {
    if (!stopped && !desk.isOver) {
      cancel = clockwork.later(ms, () => void turn());
    }
  }

  async function turn(): Promise<void> {
    if (!clockwork.isSeen()) {
      rest(REST_MS);
      return;
    }
    try {
      const news: FeedOut = await desk.call("follow_payments", { query: { cursor } });
      if (stopped) {
        return;
      }
      cursor = news.next_cursor;
      follower.heard();
      if (news.items.length > 0) {
        follower.arrived(news.items);
      }
      rest(news.is_all ? Math.max(1, news.poll_after_s) * 1_000 : 0);
    } catch (error) {
      const problem = asProblem(error);
      if (stopped || problem.isDropped || problem.status === 401) {
        return;
      }
      if (problem.status === 422) {
        cursor = null; // The cursor is of another time; begin anew.
      }
      follower.failed();
      rest(AFTER_FAILURE_MS);
    }
  }

  void turn();
  return () => {
    stopped = true;
    cancel();
  };
}
