/** The fields of an application, step by step: what each tier is asked, and what a page can check. */

import { accountNumberIsWhole, creditCodeIsWhole, mobileIsWhole, residentIdIsWhole } from "../../rules";

export type Tier = "enterprise" | "sole_trader" | "micro";
export type FieldKind = "text" | "area" | "day" | "term" | "phone" | "email" | "digits" | "letters" | "money" | "category" | "account_kind";
export type Values = Readonly<Record<string, string>>;

export const NO_END = "no_end";

export const FIELD_NAMES = [
  "name",
  "name_en",
  "registered_name",
  "credit_code",
  "licence_begins",
  "licence_expires",
  "mcc",
  "monthly_turnover_minor",
  "legal_person",
  "resident_id",
  "id_begins",
  "id_expires",
  "contact_phone",
  "contact_email",
  "shop_name",
  "shop_city",
  "shop_address",
  "account_kind",
  "account_holder",
  "account_bank",
  "account_bank_code",
  "account_number",
  "remarks",
] as const;
export type FieldName = (typeof FIELD_NAMES)[number];

export interface Field {
  readonly name: FieldName;
  readonly kind: FieldKind;
  readonly optional?: boolean;
  readonly whole?: boolean;
  readonly max?: number;
  readonly hint?: boolean;
  /** Kept sealed: shown by its last characters only, typed anew to change it. */
  readonly secret?: boolean;
  readonly tiers?: readonly Tier[];
  readonly autocomplete?: string;
}

export type StepName = "business" | "person" | "shop" | "account" | "papers" | "send";
export const STEPS: readonly StepName[] = ["business", "person", "shop", "account", "papers", "send"];
const LICENSED: readonly Tier[] = ["enterprise", "sole_trader"];

export const FIELDS: Readonly<Record<StepName, readonly Field[]>> = {
  business: [
    { name: "name", kind: "text", max: 40, hint: true },
    { name: "name_en", kind: "text", max: 80, optional: true, hint: true },
    { name: "registered_name", kind: "text", max: 120, whole: true, hint: true, tiers: LICENSED },
    { name: "credit_code", kind: "letters", max: 18, whole: true, hint: true, tiers: LICENSED },
    { name: "licence_begins", kind: "day", optional: true, tiers: LICENSED },
    { name: "licence_expires", kind: "term", tiers: LICENSED },
    { name: "mcc", kind: "category" },
    { name: "monthly_turnover_minor", kind: "money", hint: true },
  ],
  person: [
    { name: "legal_person", kind: "text", max: 60, hint: true },
    { name: "resident_id", kind: "letters", max: 18, secret: true, hint: true },
    { name: "id_begins", kind: "day", optional: true },
    { name: "id_expires", kind: "term" },
    { name: "contact_phone", kind: "phone", max: 20, hint: true, autocomplete: "tel" },
    { name: "contact_email", kind: "email", max: 254, optional: true, autocomplete: "email" },
  ],
  shop: [
    { name: "shop_name", kind: "text", max: 80 },
    { name: "shop_city", kind: "text", max: 40 },
    { name: "shop_address", kind: "text", max: 200, whole: true, hint: true },
  ],
  account: [
    { name: "account_kind", kind: "account_kind" },
    { name: "account_holder", kind: "text", max: 120, hint: true },
    { name: "account_bank", kind: "text", max: 80, hint: true },
    { name: "account_bank_code", kind: "digits", max: 12, optional: true, hint: true },
    { name: "account_number", kind: "digits", max: 32, secret: true, whole: true, hint: true },
  ],
  papers: [],
  send: [{ name: "remarks", kind: "area", max: 500, optional: true, whole: true, hint: true }],
};

export function fieldsOf(step: StepName, tier: Tier): readonly Field[] {
  return FIELDS[step].filter(({ tiers }) => tiers === undefined || tiers.includes(tier));
}

/** What the checks and reviewers speak of that is no field of its own. */
const STEP_OF: Readonly<Record<string, StepName>> = { shop_place: "shop", deposit_code: "send", owner: "send" };

/** On which step a finding is, by the field it names; a paper's is `paper.<kind>`. */
export function stepOfField(field: string): StepName {
  const name = field.split(".").at(-1) ?? field;
  const known = STEP_OF[name];
  if (known !== undefined) {
    return known;
  }
  return STEPS.find((step) => FIELDS[step].some((one) => one.name === name)) ?? "papers";
}

export type Trouble = "missing" | "credit_code" | "resident_id" | "phone" | "email" | "account" | "money" | "order";

/** What a page can see of a field by itself; empty optional ones are fine. `kept`: a secret is there. */
export function troubleOf(field: Field, values: Values, kept: boolean): Trouble | null {
  const value = (values[field.name] ?? "").trim();
  if (value === "") {
    return field.optional === true || kept ? null : "missing";
  }
  switch (field.name) {
    case "credit_code":
      return creditCodeIsWhole(value) ? null : "credit_code";
    case "resident_id":
      return residentIdIsWhole(value) ? null : "resident_id";
    case "contact_phone":
      return mobileIsWhole(value) ? null : "phone";
    case "contact_email":
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value) ? null : "email";
    case "account_number":
      return accountNumberIsWhole(value, values["account_kind"] ?? "") ? null : "account";
    case "monthly_turnover_minor":
      return /^\d+$/.test(value) && Number(value) > 0 ? null : "money";
    case "licence_expires":
      return isBefore(value, values["licence_begins"]) ? "order" : null;
    case "id_expires":
      return isBefore(value, values["id_begins"]) ? "order" : null;
    default:
      return null;
  }
}

function isBefore(end: string, begin: string | undefined): boolean {
  return end !== NO_END && begin !== undefined && begin !== "" && end < begin;
}
