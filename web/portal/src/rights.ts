/** The closed list of rights at a merchant, and those that a key may have. */

export const RIGHTS = [
  "merchant_read",
  "payments_read",
  "payments_export",
  "refunds",
  "terminals_read",
  "terminals_manage",
  "operators_manage",
  "shops_manage",
  "staff_manage",
  "settings",
  "fees_read",
  "settlement_account",
  "contract_sign",
  "api_keys",
  "webhooks",
  "audit_read",
] as const;

export type Right = (typeof RIGHTS)[number];

/** A key acts without a person: it never manages people, keys, contracts or where money goes. */
const FOR_PEOPLE: ReadonlySet<Right> = new Set(["staff_manage", "settlement_account", "contract_sign", "api_keys"]);

export const KEY_RIGHTS: readonly Right[] = RIGHTS.filter((right) => !FOR_PEOPLE.has(right));

export function isRight(word: string): word is Right {
  return (RIGHTS as readonly string[]).includes(word);
}
