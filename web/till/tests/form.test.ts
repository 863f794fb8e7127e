import { describe, expect, it } from "vitest";
import { EMPTY_DRAFT, pressDigit } from "../src/draft";
import {
  empty,
  EMPTY_FORM,
  fieldsOf,
  isComplete,
  isEmpty,
  rubOut,
  shownText,
  startArguments,
  type,
  typeDoubleZero,
  typePoint,
  type Field,
  type FormValues,
} from "../src/form";
import type { Kind, Need } from "../src/protocol";

function kind(name: string, ...needs: Need[]): Kind {
  return { kind: name, code: "01", zh: "", en: "", group: "sale", needs, allowed: true };
}
function typed(field: Field, text: string, from: FormValues = EMPTY_FORM): FormValues {
  return [...text].reduce((values, character) => type(values, field, character), from);
}
const refund = kind("refund", "supervisor", "original_rrn", "original_date", "amount", "card", "pin");

describe("the fields of a form", () => {
  it("stand in the order of a slip, whatever the order of the needs; card and PIN come later", () => {
    expect(fieldsOf(refund)).toEqual(["original_date", "original_rrn", "amount"]);
    expect(fieldsOf(kind("tip", "tip", "original_trace"))).toEqual(["original_trace", "tip"]);
    expect(fieldsOf(kind("balance", "card", "pin"))).toEqual([]);
  });

  it.each([
    ["original_trace", "1234567", "123456"],
    ["original_trace", "12a4", "124"],
    ["original_date", "11215", "1121"],
    ["original_rrn", "6325100012ab9", "6325100012AB"],
    ["auth_code", "a1-b2 c3d4", "A1B2C3"],
  ] as const)("%s takes of %s only %s", (field, keys, text) => {
    expect(typed(field, keys)[field]).toBe(text);
  });

  it("take an amount as the home screen does", () => {
    const values = typeDoubleZero(typed("amount", "12"), "amount");
    expect(startArguments(kind("refund", "amount"), values).amount_minor).toBe(1200);
    const pointed = type(typePoint(typed("amount", "12"), "amount"), "amount", "5");
    expect(startArguments(kind("refund", "amount"), pointed).amount_minor).toBe(1250);
    expect(typePoint(typed("original_trace", "12"), "original_trace").original_trace).toBe("12");
  });

  it("are rubbed out from the end and emptied as a whole", () => {
    expect(rubOut(typed("auth_code", "AB"), "auth_code").auth_code).toBe("A");
    expect(isEmpty(rubOut(typed("amount", "1"), "amount"), "amount")).toBe(true);
    expect(empty(typed("original_rrn", "123"), "original_rrn").original_rrn).toBe("");
    expect(empty(typed("tip", "123"), "tip").tip).toEqual(EMPTY_DRAFT);
  });

  it.each([
    ["0101", true],
    ["0229", true],
    ["1231", true],
    ["0230", false],
    ["0431", false],
    ["1301", false],
    ["0001", false],
    ["0100", false],
    ["010", false],
    ["", false],
  ])("a date of %s is complete: %s", (text, complete) => {
    expect(isComplete(typed("original_date", text), "original_date")).toBe(complete);
  });

  it.each([
    ["original_trace", "", false],
    ["original_trace", "000", false],
    ["original_trace", "7", true],
    ["original_rrn", "12345678901", false],
    ["original_rrn", "123456789012", true],
    ["auth_code", "", false],
    ["auth_code", "A", true],
    ["amount", "", false],
    ["amount", "1", true],
  ] as const)("%s with %s is complete: %s", (field, text, complete) => {
    expect(isComplete(typed(field, text), field)).toBe(complete);
  });

  it("show a date as it is read", () => {
    expect(shownText(typed("original_date", "1"), "original_date")).toBe("1");
    expect(shownText(typed("original_date", "1121"), "original_date")).toBe("11-21");
    expect(shownText(typed("original_rrn", "1121"), "original_rrn")).toBe("1121");
  });
});

describe("the command of a form", () => {
  const filled = typed(
    "amount",
    "900",
    typed("original_rrn", "632510001234", typed("original_date", "1120")),
  );

  it("holds what the kind needs, in minor units, and nothing else", () => {
    const supervisor = { operator: "00", password: "123456" };
    expect(startArguments(refund, filled, supervisor)).toEqual({
      kind: "refund",
      amount_minor: 900,
      original: { rrn: "632510001234", date: "1120" },
      supervisor,
    });
    expect(startArguments(kind("balance", "card"), filled)).toEqual({ kind: "balance" });
  });

  it("names an original by its trace as a number", () => {
    const tip = { ...typed("original_trace", "001234"), tip: pressDigit(EMPTY_DRAFT, "5") };
    expect(startArguments(kind("tip", "original_trace", "tip"), tip)).toEqual({
      kind: "tip",
      tip_minor: 5,
      original: { trace: 1234 },
    });
  });
});
