/** One short sentence at the edge of the page: something was done, or could not be. */

import { reactive } from "vue";

export interface Notice {
  words: string;
  tone: "done" | "wrong";
}

const SHOWN_MS = 6_000;
export const notice = reactive<{ now: Notice | null }>({ now: null });
let timer = 0;

export function tell(words: string, tone: Notice["tone"] = "done"): void {
  window.clearTimeout(timer);
  notice.now = { words, tone };
  timer = window.setTimeout(hush, SHOWN_MS);
}

export function hush(): void {
  notice.now = null;
}
