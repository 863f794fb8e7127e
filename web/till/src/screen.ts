/** Which screen belongs to a pushed state. Pure, so that a test can see every case. */

import type { LinkStatus } from "./link";
import type { Phase, TerminalState } from "./protocol";

export type ScreenName = Phase | "cover" | "doubt";

export function screenFor(state: TerminalState | null, doubtOpen: boolean): ScreenName {
  if (state === null) {
    return "cover";
  }
  if (state.phase === "reversing") {
    return "doubt";
  }
  if (state.phase === "result") {
    // A result nobody can prove is never shown as one.
    return state.result === null || state.result.outcome === "in_doubt" ? "doubt" : "result";
  }
  const resting = state.phase === "idle" || state.phase === "logged_out";
  return doubtOpen && state.doubt !== null && resting ? "doubt" : state.phase;
}

/** The page is covered whenever what it shows may be old. The very first moments show the cover. */
export function isBlocked(status: LinkStatus): boolean {
  return status === "down";
}
