/**
 * The amount a cashier is typing. Digits shift in from the right as on every card terminal
 * (1 2 5 0 is 12.50); a point typed on a keyboard makes what stands there whole yuan (12.5 is 12.50).
 * Pure: the keypad and the tests use the same functions.
 */

export interface AmountDraft {
  readonly digits: string;
  /** Digits typed after the point, or null while no point was typed. */
  readonly decimals: number | null;
}

export const EMPTY_DRAFT: AmountDraft = { digits: "", decimals: null };
/** 9,999,999.99: far above any counter sale and well inside the twelve digits of the message. */
export const DRAFT_DIGITS_MAX = 9;

export function pressDigit(draft: AmountDraft, digit: string): AmountDraft {
  if (!/^\d$/.test(digit)) {
    return draft;
  }
  if (draft.decimals !== null) {
    return draft.decimals >= 2
      ? draft
      : { digits: draft.digits + digit, decimals: draft.decimals + 1 };
  }
  const digits = (draft.digits + digit).replace(/^0+/, "");
  return digits.length > DRAFT_DIGITS_MAX ? draft : { digits, decimals: null };
}

/** Two zeros count as one key: either both fit or none is taken. */
export function pressDoubleZero(draft: AmountDraft): AmountDraft {
  const once = pressDigit(draft, "0");
  const twice = pressDigit(once, "0");
  return twice === once ? draft : twice;
}

export function pressPoint(draft: AmountDraft): AmountDraft {
  return draft.decimals !== null || draft.digits.length > DRAFT_DIGITS_MAX - 2
    ? draft
    : { digits: draft.digits, decimals: 0 };
}

export function pressBackspace(draft: AmountDraft): AmountDraft {
  if (draft.decimals === 0) {
    return { digits: draft.digits, decimals: null };
  }
  return {
    digits: draft.digits.slice(0, -1),
    decimals: draft.decimals === null ? null : draft.decimals - 1,
  };
}

/** The draft in minor units. */
export function draftMinor(draft: AmountDraft): number {
  const padding = draft.decimals === null ? "" : "0".repeat(2 - draft.decimals);
  return Number(draft.digits + padding);
}
