/** Amounts as people read them. Integers of the smallest unit in, text out; no float touches money. */

export interface AmountParts {
  readonly sign: string;
  readonly whole: string;
  readonly fraction: string;
}

const SIGNS: Readonly<Record<string, string>> = { CNY: "¥" };

/** Split an amount in minor units (two decimals) into sign, grouped whole part and fraction. */
export function amountParts(minor: number, currency = "CNY"): AmountParts {
  if (!Number.isSafeInteger(minor)) {
    throw new RangeError("an amount is a whole number of minor units");
  }
  const negative = minor < 0;
  const digits = String(Math.abs(minor)).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = SIGNS[currency] ?? `${currency} `;
  return { sign: negative ? `−${sign}` : sign, whole, fraction: digits.slice(-2) };
}

/** The whole amount as one text, e.g. "¥1,234.50". */
export function amountText(minor: number, currency = "CNY"): string {
  const { sign, whole, fraction } = amountParts(minor, currency);
  return `${sign}${whole}.${fraction}`;
}
