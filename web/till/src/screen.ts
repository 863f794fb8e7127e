/** Which screen belongs to a pushed state. Pure, so that a test can see every case. */

import type { Page, PageName } from "./functions";
import type { LinkStatus } from "./link";
import type { Phase, TerminalState } from "./protocol";

export type ScreenName = Phase | "cover" | "doubt" | "self_test" | "locked" | "new_pin" | PageName;

export function screenFor(
  state: TerminalState | null,
  doubtOpen: boolean,
  checkStillShown = false,
  page: Page | null = null,
): ScreenName {
  if (state === null) {
    return "cover";
  }
  if (checkStillShown && state.phase === "logged_out") {
    return "self_check";
  }
  if (state.phase === "reversing") {
    return "doubt";
  }
  if (state.phase === "result") {
    // A result nobody can prove is never shown as one.
    if (state.result === null || state.result.outcome === "in_doubt") {
      return "doubt";
    }
    return page?.name === "sign" ? "sign" : "result";
  }
  const resting = state.phase === "idle" || state.phase === "logged_out";
  if (state.self_test && (resting || state.phase === "activation")) {
    return "self_test";
  }
  if (state.locked && resting && state.doubt === null) {
    return "locked";
  }
  if (state.newcomer && state.phase === "logged_out") {
    return "new_pin";
  }
  if (doubtOpen && state.doubt !== null && resting) {
    return "doubt";
  }
  return state.phase === "idle" && page !== null ? page.name : state.phase;
}

/** A quick terminal has checked itself before an eye can follow; the page shows part after part. */
export const CHECK_STEP_MS = 150;
/** How long the whole list stays, from power-on: every part, and a moment to see it complete. */
export function checkShown_ms(parts: number): number {
  return parts * CHECK_STEP_MS + 700;
}

/** Is the self-check still to be looked at? Good news for its time, a fault until it was read. */
export function checkStays(state: TerminalState | null, since: number | null, shown: boolean): boolean {
  const failed = state?.self_check.some((part) => part.result === "fail") ?? false;
  return since !== null && (!shown || failed);
}

/** Does this push show that somebody has just switched the terminal on? */
export function hasPoweredOn(before: Phase | null, after: Phase): boolean {
  return before === "off" && (after === "self_check" || after === "logged_out");
}

/** The page is covered whenever what it shows may be old. The very first moments show the cover. */
export function isBlocked(status: LinkStatus): boolean {
  return status === "down";
}
