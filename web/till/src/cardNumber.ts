/** What a keyed card number looks like, and when it cannot be one. Pure; nothing is kept here. */

export const PAN_DIGITS_MIN = 13;
export const PAN_DIGITS_MAX = 19;

/** Groups of four as on the card, so that a slip of the finger is seen. */
export function groupsOf(digits: string): readonly string[] {
  return digits.match(/.{1,4}/g) ?? [];
}

/** Long enough, and its last digit is the check digit of the others (ISO/IEC 7812-1, Luhn). */
export function isCardNumber(digits: string): boolean {
  if (!/^\d+$/.test(digits) || digits.length < PAN_DIGITS_MIN || digits.length > PAN_DIGITS_MAX) {
    return false;
  }
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** Month and year as printed on the card: MMYY. Whether the card has expired is the issuer's to say. */
export function isExpiry(digits: string): boolean {
  return /^(0[1-9]|1[0-2])\d{2}$/.test(digits);
}
