/** Times as people read them, always in China's time: that is where the terminals stand. */

import { language } from "./i18n";

const ZONE = "Asia/Shanghai";

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
}

export function dateTimeText(at: string | null | undefined): string {
  if (!at) {
    return "—";
  }
  return format({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).format(
    new Date(at),
  );
}

export function dayText(at: string | null | undefined): string {
  return at ? format({ year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(at)) : "—";
}

export function clockText(at: string | null | undefined): string {
  return at
    ? format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }).format(new Date(at))
    : "—";
}

/** Month, day and time: short enough for a row on a phone. */
export function shortTimeText(at: string | null | undefined): string {
  return at
    ? format({ month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(at))
    : "—";
}

/** Today in China as the API writes days. */
export function todayInChina(now: Date = new Date()): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

/** "3 minutes ago", "in 2 hours": how far something is from now. */
export function agoText(at: string | null | undefined, now: number = Date.now()): string {
  if (!at) {
    return "—";
  }
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const words = new Intl.RelativeTimeFormat(language() === "zh" ? "zh-CN" : "en", { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3_600], ["minute", 60]] as const) {
    if (Math.abs(seconds) >= size) {
      return words.format(Math.trunc(seconds / size), unit);
    }
  }
  return words.format(seconds, "second");
}

/** A rate in parts per million as a percentage, exactly: 6000 is 0.6%. */
export function rateText(ppm: number): string {
  const whole = Math.trunc(ppm / 10_000);
  const rest = String(ppm % 10_000).padStart(4, "0").replace(/0+$/, "");
  return rest === "" ? `${whole}%` : `${whole}.${rest}%`;
}

/** A short span as a clock counts it down: `4:05`. */
export function countdownText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
