/**
 * What a kind of payment asks for, field by field: which keys a field takes, when it is complete, and
 * what becomes of it in the command. Pure: the form and the tests use the same functions.
 */

import {
  draftMinor,
  EMPTY_DRAFT,
  pressBackspace,
  pressDigit,
  pressDoubleZero,
  pressPoint,
  type AmountDraft,
} from "./draft";
import type { Kind, Need, OriginalPayment, StartArguments, Supervisor } from "./protocol";

export type TextField = "original_trace" | "original_rrn" | "original_date" | "auth_code";
export type AmountField = "amount" | "tip";
export type Field = TextField | AmountField;

/** The order in which a cashier has them before the eyes: the slip, then the money. */
const FIELD_ORDER: readonly Field[] = [
  "original_trace",
  "original_date",
  "original_rrn",
  "auth_code",
  "amount",
  "tip",
];
const TEXT_LENGTH: Readonly<Record<TextField, number>> = {
  original_trace: 6,
  original_rrn: 12,
  original_date: 4,
  auth_code: 6,
};
const LETTERS: ReadonlySet<Field> = new Set(["original_rrn", "auth_code"]);
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export interface FormValues {
  readonly original_trace: string;
  readonly original_rrn: string;
  readonly original_date: string;
  readonly auth_code: string;
  readonly amount: AmountDraft;
  readonly tip: AmountDraft;
}

export const EMPTY_FORM: FormValues = {
  original_trace: "",
  original_rrn: "",
  original_date: "",
  auth_code: "",
  amount: EMPTY_DRAFT,
  tip: EMPTY_DRAFT,
};

export function isAmount(field: Field): field is AmountField {
  return field === "amount" || field === "tip";
}

/** Does this field take letters besides digits? */
export function takesLetters(field: Field): boolean {
  return LETTERS.has(field);
}

export function lengthOf(field: TextField): number {
  return TEXT_LENGTH[field];
}

export function fieldsOf(kind: Kind): readonly Field[] {
  return FIELD_ORDER.filter((field) => kind.needs.includes(field as Need));
}

/** One typed character; what the field has no room for changes nothing. */
export function type(values: FormValues, field: Field, character: string): FormValues {
  if (isAmount(field)) {
    return { ...values, [field]: pressDigit(values[field], character) };
  }
  const upper = character.toUpperCase();
  const fits = takesLetters(field) ? /^[0-9A-Z]$/.test(upper) : /^\d$/.test(upper);
  const text = values[field];
  return !fits || text.length >= TEXT_LENGTH[field] ? values : { ...values, [field]: text + upper };
}

export function typePoint(values: FormValues, field: Field): FormValues {
  return isAmount(field) ? { ...values, [field]: pressPoint(values[field]) } : values;
}

export function typeDoubleZero(values: FormValues, field: Field): FormValues {
  return isAmount(field)
    ? { ...values, [field]: pressDoubleZero(values[field]) }
    : type(type(values, field, "0"), field, "0");
}

export function rubOut(values: FormValues, field: Field): FormValues {
  return isAmount(field)
    ? { ...values, [field]: pressBackspace(values[field]) }
    : { ...values, [field]: values[field].slice(0, -1) };
}

export function empty(values: FormValues, field: Field): FormValues {
  return { ...values, [field]: EMPTY_FORM[field] };
}

export function isEmpty(values: FormValues, field: Field): boolean {
  return isAmount(field) ? draftMinor(values[field]) === 0 : values[field] === "";
}

function isDate(text: string): boolean {
  const days = DAYS[Number(text.slice(0, 2)) - 1];
  const day = Number(text.slice(2));
  return text.length === 4 && days !== undefined && day >= 1 && day <= days;
}

/** Is there enough in the field to go on? */
export function isComplete(values: FormValues, field: Field): boolean {
  switch (field) {
    case "original_trace":
      return Number(values.original_trace) > 0;
    case "original_date":
      return isDate(values.original_date);
    case "amount":
    case "tip":
      return draftMinor(values[field]) > 0;
    case "auth_code":
      return values.auth_code !== "";
    default:
      return values[field].length === TEXT_LENGTH[field];
  }
}

/** A date is shown as it is read: month, day. */
export function shownText(values: FormValues, field: TextField): string {
  const text = values[field];
  return field === "original_date" && text.length > 2 ? `${text.slice(0, 2)}-${text.slice(2)}` : text;
}

/** The command that the filled form stands for. */
export function startArguments(
  kind: Kind,
  values: FormValues,
  supervisor?: Supervisor,
): StartArguments {
  const fields = new Set(fieldsOf(kind));
  const original: OriginalPayment = {
    ...(fields.has("original_trace") && { trace: Number(values.original_trace) }),
    ...(fields.has("original_rrn") && { rrn: values.original_rrn }),
    ...(fields.has("original_date") && { date: values.original_date }),
    ...(fields.has("auth_code") && { auth_code: values.auth_code }),
  };
  return {
    kind: kind.kind,
    ...(fields.has("amount") && { amount_minor: draftMinor(values.amount) }),
    ...(fields.has("tip") && { tip_minor: draftMinor(values.tip) }),
    ...(Object.keys(original).length > 0 && { original }),
    ...(supervisor !== undefined && { supervisor }),
  };
}
