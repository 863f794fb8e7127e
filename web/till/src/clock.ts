/** Time that passes on the page between two pushes; the pushed numbers stay the truth. */

import { computed, onBeforeUnmount, onMounted, ref, type ComputedRef } from "vue";

const TICK_MS = 250;

/** A reactive `performance.now()`, ticking only while the component is shown. */
export function useTick(tick_ms = TICK_MS): Readonly<{ value: number }> {
  const now = ref(performance.now());
  let timer = 0;
  onMounted(() => {
    timer = window.setInterval(() => {
      now.value = performance.now();
    }, tick_ms);
  });
  onBeforeUnmount(() => window.clearInterval(timer));
  return now;
}

export interface Remaining {
  readonly seconds: number;
  /** 1 at the start, 0 at the end. */
  readonly fraction: number;
}

/** Count a pushed remainder down from the moment it was received. */
export function remaining(
  remaining_ms: number,
  total_ms: number,
  received_at: number,
  now: number,
): Remaining {
  const left = Math.max(0, remaining_ms - Math.max(0, now - received_at));
  const fraction = total_ms > 0 ? Math.min(1, left / total_ms) : 0;
  return { seconds: Math.ceil(left / 1000), fraction };
}

/** The remainder as a live value; null while there is nothing to count. */
export function useRemaining(
  source: () => { remaining_ms: number; total_ms: number; received_at: number } | null,
): ComputedRef<Remaining | null> {
  const now = useTick();
  return computed(() => {
    const it = source();
    return it === null
      ? null
      : remaining(it.remaining_ms, it.total_ms, it.received_at, now.value);
  });
}

/** Hours and minutes of the terminal's clock, moved on by the time since it was pushed. */
export function clockText(pushed: string, received_at: number, now: number): string {
  const at = Date.parse(pushed);
  const offset = /([+-])(\d{2}):(\d{2})$/.exec(pushed);
  if (Number.isNaN(at)) {
    return "--:--";
  }
  const sign = offset?.[1] === "-" ? -1 : 1;
  const offset_min = offset === null ? 0 : sign * (Number(offset[2]) * 60 + Number(offset[3]));
  const shown = new Date(at + Math.max(0, now - received_at) + offset_min * 60_000);
  return shown.toISOString().slice(11, 16);
}

/** Hours and minutes as written in a pushed timestamp. */
export function timeOf(stamp: string): string {
  return /T(\d{2}:\d{2})/.exec(stamp)?.[1] ?? "";
}

/** Month and day as written in a pushed timestamp. */
export function dayOf(stamp: string): string {
  return /^\d{4}-(\d{2}-\d{2})T/.exec(stamp)?.[1] ?? "";
}

/** Whole minutes between two pushed timestamps, the later one moved on by the page's clock. */
export function minutesSince(since: string, pushed: string, received_at: number, now: number): number {
  const from = Date.parse(since);
  const until = Date.parse(pushed);
  return Number.isNaN(from) || Number.isNaN(until)
    ? 0
    : Math.max(0, Math.floor((until + Math.max(0, now - received_at) - from) / 60_000));
}
