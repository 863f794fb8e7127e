/**
 * What a page can say before anything is sent. The server decides; these only save a way there.
 * All of them are pure.
 */

export const PASSWORD_LEAST = 12;

/** How many characters a password is short of. */
export function passwordLacks(password: string): number {
  return Math.max(0, PASSWORD_LEAST - [...password].length);
}

export const PAPER_TYPES = ["image/jpeg", "image/png", "application/pdf"] as const;
export const PAPER_BYTES_MAX = 8 * 1024 * 1024;

/** Why a file cannot be a paper, before it is sent. */
export function paperTrouble(file: { readonly type: string; readonly size: number }): "wrongType" | "tooLarge" | "emptyFile" | null {
  if (!(PAPER_TYPES as readonly string[]).includes(file.type)) {
    return "wrongType";
  }
  if (file.size === 0) {
    return "emptyFile";
  }
  return file.size > PAPER_BYTES_MAX ? "tooLarge" : null;
}

/** Unified social credit code: the alphabet without I, O, S, V, Z. Spec: GB 32100-2015. */
const CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

export function creditCodeIsWhole(typed: string): boolean {
  const code = typed.trim().toUpperCase();
  if (code.length !== 18 || [...code].some((letter) => !CREDIT_LETTERS.includes(letter))) {
    return false;
  }
  const sum = [...code.slice(0, 17)].reduce(
    (total, letter, place) => total + CREDIT_LETTERS.indexOf(letter) * (3 ** place % 31),
    0,
  );
  return CREDIT_LETTERS[(31 - (sum % 31)) % 31] === code[17];
}

/** Resident identity number. Spec: GB 11643-1999. */
export function residentIdIsWhole(typed: string): boolean {
  const id = typed.trim().toUpperCase();
  if (!/^\d{17}[\dX]$/.test(id)) {
    return false;
  }
  const month = Number(id.slice(10, 12));
  const day = Number(id.slice(12, 14));
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, place) => total + weight * Number(id[place]), 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && "10X98765432"[sum % 11] === id[17];
}

/** Card numbers (personal accounts) end in a Luhn digit; other accounts have digits only. */
export function accountNumberIsWhole(typed: string, kind: string): boolean {
  const digits = typed.replace(/\s/g, "");
  if (!/^\d{8,32}$/.test(digits)) {
    return false;
  }
  return kind !== "personal" || (digits.length >= 12 && digits.length <= 19 && luhnFits(digits));
}

function luhnFits(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, letter, place) => {
    const value = Number(letter) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

export function mobileIsWhole(typed: string): boolean {
  return /^(\+86)?1\d{10}$/.test(typed.replace(/[\s-]/g, ""));
}

/** Yuan as typed ("12.5") in fen, or null when it is no amount. */
export function fenOf(typed: string): number | null {
  const parts = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(typed.replace(/[,\s¥]/g, ""));
  return parts === null ? null : Number(parts[1]) * 100 + Number((parts[2] ?? "").padEnd(2, "0"));
}
