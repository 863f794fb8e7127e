import { describe, expect, it } from "vitest";
import {
  functionsOf,
  goesBack,
  inOrder,
  isNearlyFull,
  needsForm,
  paymentBar,
  type Bar,
} from "../src/functions";
import { groupsOf, isCardNumber, isExpiry } from "../src/cardNumber";
import { inkOf, isSignature, packBits, toBase64 } from "@tongbao/shared/signature.ts";
import type { Kind, PendingItem, TerminalState, Totals } from "../src/protocol";

function kind(name: string, changes: Partial<Kind> = {}): Kind {
  return {
    kind: name,
    code: "02",
    zh: "",
    en: "",
    group: "sale",
    needs: ["amount", "card"],
    allowed: true,
    ...changes,
  };
}
function state(changes: Partial<TerminalState> = {}): TerminalState {
  return {
    phase: "idle",
    link: "up",
    signed_in: true,
    doubt: null,
    settlement: null,
    totals: null,
    kinds: [kind("sale", { code: "01" }), kind("refund"), kind("offline_sale", { code: "10" })],
    ...changes,
  } as TerminalState;
}
const full = { records: 500, records_max: 500, must_settle: true } as Totals;
const stopped = { stage: "stopped" } as TerminalState["settlement"];
const done = { stage: "done" } as TerminalState["settlement"];
const doubt = { trace: 1 } as TerminalState["doubt"];

describe("why a payment may not begin", () => {
  it.each<[Partial<TerminalState>, Bar | null]>([
    [{}, null],
    [{ link: "down" }, "offline"],
    [{ signed_in: false, link: "down" }, "signed_out"],
    [{ doubt, signed_in: false }, "doubt"],
    [{ settlement: stopped, totals: full }, "unfinished"],
    [{ settlement: done }, null],
    [{ totals: full, link: "down" }, "must_settle"],
  ])("%o bars a refund with %s", (changes, bar) => {
    expect(paymentBar(state(changes), kind("refund"))).toBe(bar);
  });

  it("is that the terminal may not do it, before everything else", () => {
    expect(paymentBar(state({ doubt }), kind("refund", { allowed: false }))).toBe("closed");
  });

  it("is never the line for what is told to the host later", () => {
    expect(paymentBar(state({ link: "down" }), kind("offline_sale"))).toBeNull();
  });
});

describe("the functions", () => {
  it("have codes of two digits, no two alike", () => {
    const codes = functionsOf(state()).map(({ code }) => code);
    expect(codes.every((code) => /^\d{2}$/.test(code))).toBe(true);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it("lead home for the sale, which is never barred there", () => {
    const sale = functionsOf(state({ link: "down" })).find(({ code }) => code === "01");
    expect(sale).toMatchObject({ act: { home: true }, bar: null });
  });

  it("leave the books open whatever the line does", () => {
    const offline = functionsOf(state({ link: "down", signed_in: false }));
    const open = offline.filter(({ bar }) => bar === null).map(({ code }) => code);
    expect(open).toEqual(["01", "81", "82", "83", "90", "94", "96", "97", "98", "99"]);
  });

  it("have a form only where something is asked before the card", () => {
    expect(needsForm(kind("balance", { needs: ["card", "pin"] }))).toBe(false);
    expect(needsForm(kind("refund", { needs: ["supervisor", "card"] }))).toBe(true);
    expect(needsForm(kind("sale"))).toBe(false);
  });

  it("show with a minus what goes back to the customer", () => {
    expect(["sale", "void", "refund", "completion", "completion_void"].filter(goesBack)).toEqual([
      "void",
      "refund",
      "completion_void",
    ]);
  });
});

describe("a batch", () => {
  it.each([
    [449, 500, false],
    [450, 500, true],
    [500, 500, true],
    [0, 0, false],
  ])("with %i of %i records is nearly full: %s", (records, records_max, nearly) => {
    expect(isNearlyFull({ records, records_max } as Totals)).toBe(nearly);
  });
});

describe("pending work", () => {
  it("has the reversal first, then the oldest", () => {
    const item = (id: string, what: string, since: string): PendingItem =>
      ({ id, kind: what, since }) as PendingItem;
    const pending = [
      item("a", "advice", "2026-11-21T10:00:00+08:00"),
      item("b", "signature", "2026-11-21T09:00:00+08:00"),
      item("c", "reversal", "2026-11-21T11:00:00+08:00"),
    ];
    expect(inOrder(pending).map(({ id }) => id)).toEqual(["c", "b", "a"]);
    expect(pending[0]?.id).toBe("a");
  });
});

describe("a card number keyed by hand", () => {
  it.each([
    ["6200000000000000125", true],
    ["6200000000000000126", false],
    ["620000000005", false],
    ["", false],
    ["62000000000000001250", false],
    ["62000000 00000000125", false],
  ])("%s can be one: %s", (digits, is) => {
    expect(isCardNumber(digits)).toBe(is);
  });

  it("is shown in groups of four", () => {
    expect(groupsOf("6200000000000000125")).toEqual(["6200", "0000", "0000", "0000", "125"]);
    expect(groupsOf("")).toEqual([]);
  });

  it.each([
    ["1230", true],
    ["0130", true],
    ["1330", false],
    ["0030", false],
    ["123", false],
  ])("expires %s: %s", (digits, is) => {
    expect(isExpiry(digits)).toBe(is);
  });
});

describe("a signature", () => {
  it("is enough ink, wherever the pen was lifted", () => {
    expect(isSignature([])).toBe(false);
    expect(isSignature([[{ x: 0.5, y: 0.5 }]])).toBe(false);
    expect(isSignature([[{ x: 0.4, y: 0.5 }, { x: 0.6, y: 0.5 }]])).toBe(false);
    expect(
      isSignature([
        [{ x: 0.1, y: 0.5 }, { x: 0.3, y: 0.5 }],
        [{ x: 0.4, y: 0.5 }, { x: 0.5, y: 0.5 }],
      ]),
    ).toBe(true);
  });

  it("measures height by the shape of its field", () => {
    expect(inkOf([[{ x: 0, y: 0 }, { x: 0, y: 1 }]])).toBeCloseTo(0.375);
  });

  it("is packed row by row, the first dot in the highest bit, rows filled up to bytes", () => {
    const dark = [255, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0, 95, 96, 0, 0, 0, 0, 0, 0, 0];
    expect([...packBits(dark, 10, 2)]).toEqual([0x80, 0x40, 0x20, 0x00]);
    expect(toBase64(packBits(dark, 10, 2))).toBe("gEAgAA==");
  });
});
