import { describe, expect, it } from "vitest";
import {
  draftMinor,
  EMPTY_DRAFT,
  pressBackspace,
  pressDigit,
  pressDoubleZero,
  pressPoint,
  type AmountDraft,
} from "../src/draft";

/** Type a text key by key: digits, "." for the point, "<" for backspace, "z" for the 00 key. */
function typed(keys: string): AmountDraft {
  return [...keys].reduce((draft, key) => {
    switch (key) {
      case ".":
        return pressPoint(draft);
      case "<":
        return pressBackspace(draft);
      case "z":
        return pressDoubleZero(draft);
      default:
        return pressDigit(draft, key);
    }
  }, EMPTY_DRAFT);
}

describe("the amount being typed", () => {
  it.each([
    ["", 0],
    ["5", 5],
    ["1250", 1250],
    ["0012", 12],
    ["5z", 500],
    ["z", 0],
    ["12<", 1],
    ["1<<<", 0],
    ["12.", 1200],
    ["12.5", 1250],
    ["12.50", 1250],
    ["12.509", 1250],
    [".5", 50],
    ["12.5<", 1200],
    ["12.<", 12],
    ["1..5", 150],
    ["999999999", 999_999_999],
    ["9999999990", 999_999_999],
    ["12345678.", 12_345_678],
    ["12345678z", 12_345_678],
    ["1234567.89", 123_456_789],
  ])("%s is %i fen", (keys, minor) => {
    expect(draftMinor(typed(keys))).toBe(minor);
  });

  it("takes nothing that is not one digit", () => {
    expect(pressDigit(EMPTY_DRAFT, "12")).toBe(EMPTY_DRAFT);
    expect(pressDigit(EMPTY_DRAFT, "x")).toBe(EMPTY_DRAFT);
  });
});
