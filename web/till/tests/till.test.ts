import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Socket } from "../src/link";
import type { TerminalState } from "../src/protocol";
import { EMPTY_FORM } from "../src/form";
import { Sounds } from "../src/sound";
import { createTill, type Till } from "../src/till";

function state(changes: Partial<TerminalState>): TerminalState {
  return { phase: "idle", doubt: null, sound: null, self_check: [], settlement: null, ...changes } as TerminalState;
}

describe("what the page keeps", () => {
  let till: Till;
  let timers: { ms: number; act: () => void }[];
  let played: string[];
  let socket: Socket & { sent: string[] };
  let seq: number;

  function push(changes: Partial<TerminalState>): void {
    seq += 1;
    const data = JSON.stringify({ type: "state", seq, state: state(changes) });
    socket.onmessage?.({ data } as MessageEvent);
  }
  function refuse(code: string): void {
    const { id } = JSON.parse(socket.sent.at(-1) ?? "{}") as { id: string };
    const error = { code, zh: "不行", en: "No" };
    socket.onmessage?.({ data: JSON.stringify({ type: "ack", id, ok: false, error }) } as MessageEvent);
  }

  beforeEach(() => {
    timers = [];
    played = [];
    seq = 0;
    const sounds = new Sounds(() => {
      throw new Error("not here");
    });
    vi.spyOn(sounds, "play").mockImplementation((name) => void played.push(name));
    till = createTill(
      {
        connect: () => {
          const sent: string[] = [];
          socket = {
            onopen: null,
            onmessage: null,
            onclose: null,
            onerror: null,
            sent,
            send: (text) => void sent.push(text),
            close: () => {},
          };
          return socket;
        },
        later: (ms, act) => {
          timers.push({ ms, act });
          return () => {};
        },
        newId: () => `id-${timers.length}`,
        now: () => 0,
      },
      sounds,
      { language: "zh", followed: "", theme: "auto", muted: false },
    );
    till.link.open();
  });

  it("plays each sound once, and none from before the page came", () => {
    push({ sound: { id: 7, name: "approved" } });
    push({ sound: { id: 7, name: "approved" } });
    expect(played).toEqual([]);
    push({ sound: { id: 8, name: "declined" } });
    push({ sound: { id: 8, name: "declined" } });
    expect(played).toEqual(["declined"]);
  });

  it("starts in the wanted language, and leaves a person's own choice until another is wanted", () => {
    push({ language: null });
    expect(till.preferences.language).toBe("zh");
    push({ language: "en" });
    expect(till.preferences.language).toBe("en");
    till.preferences.language = "zh";
    push({ language: "en" });
    expect(till.preferences.language).toBe("zh");
    push({ language: "zh" });
    push({ language: "en" });
    expect(till.preferences.language).toBe("en");
  });

  it("forgets the drawer's PIN hint when the sale moves on", () => {
    push({ phase: "card" });
    till.desk.pinHint = "123456";
    push({ phase: "pin" });
    expect(till.desk.pinHint).toBe("123456");
    push({ phase: "authorising" });
    expect(till.desk.pinHint).toBeNull();
  });

  it("closes what lay over a screen when the terminal moves on", () => {
    push({ phase: "idle" });
    till.desk.slip = { url: "/slips/000001.png", trace: 1 };
    till.desk.recentOpen = true;
    push({ phase: "idle" });
    expect(till.desk.slip).not.toBeNull();
    push({ phase: "card" });
    expect([till.desk.slip, till.desk.recentOpen]).toEqual([null, false]);
  });

  it("leaves the page about a doubt when the doubt is gone", () => {
    const doubt = { trace: 3 } as TerminalState["doubt"];
    push({ doubt });
    till.desk.doubtOpen = true;
    push({ doubt });
    expect(till.desk.doubtOpen).toBe(true);
    push({});
    expect(till.desk.doubtOpen).toBe(false);
  });

  it("tells a refusal for a while, and leaves to the log-in what it explains itself", async () => {
    push({ phase: "idle" });
    const sale = till.send("start", { kind: "sale", amount_minor: 1 });
    refuse("doubt_open");
    await sale;
    expect(till.desk.notice).toMatchObject({ zh: "不行", en: "No" });
    timers.at(-1)?.act();
    expect(till.desk.notice).toBeNull();
    const logIn = till.send("log_in", { operator: "01", password: "0000" });
    refuse("wrong_password");
    expect(await logIn).toMatchObject({ ok: false });
    expect(till.desk.notice).toBeNull();
  });

  it("closes every page and forgets the amount when a payment begins", () => {
    push({ phase: "idle" });
    till.open({ name: "menu" });
    till.openForm("refund", { original_trace: "7" });
    till.desk.draft = { digits: "12", decimals: null };
    expect(till.desk.trail.map(({ name }) => name)).toEqual(["menu", "form"]);
    push({ phase: "idle" });
    expect(till.desk.trail).toHaveLength(2);
    push({ phase: "card" });
    expect([till.desk.trail, till.desk.draft.digits]).toEqual([[], ""]);
    expect(till.desk.entry?.values.original_trace).toBe("7");
  });

  it("forgets what was typed when the payment is over, unless it is wanted again", () => {
    const values = { ...EMPTY_FORM, amount: { digits: "900", decimals: null } };
    push({ phase: "result" });
    till.desk.entry = { kind: "refund", values };
    till.desk.again = true;
    push({ phase: "idle" });
    expect(till.desk.trail.at(-1)).toEqual({ name: "form", kind: "refund" });
    expect([till.desk.entry?.kind, till.desk.again]).toEqual(["refund", false]);
    push({ phase: "result" });
    push({ phase: "idle" });
    expect([till.desk.trail, till.desk.entry]).toEqual([[], null]);
  });

  it("leaves nothing of one person for the next", () => {
    const values = { ...EMPTY_FORM, original_trace: "7" };
    push({ phase: "result", operator: "01" });
    till.desk.entry = { kind: "refund", values };
    till.desk.again = true;
    till.desk.then = { name: "settle" };
    push({ phase: "logged_out", operator: null });
    push({ phase: "idle", operator: "02" });
    expect([till.desk.trail, till.desk.entry, till.desk.again, till.desk.then]).toEqual([[], null, false, null]);
    till.open({ name: "query" });
    till.desk.draft = { digits: "12", decimals: null };
    push({ phase: "idle", operator: "00" });
    expect([till.desk.trail, till.desk.draft.digits]).toEqual([[], ""]);
  });

  it("puts the amount of a refused sale back where it was typed", () => {
    const values = { ...EMPTY_FORM, amount: { digits: "900", decimals: null } };
    push({ phase: "result" });
    till.desk.entry = { kind: "sale", values };
    till.desk.again = true;
    push({ phase: "idle" });
    expect([till.desk.trail, till.desk.draft.digits]).toEqual([[], "900"]);
  });

  it("names a kind in the chosen language, and an unknown one not at all", () => {
    const kinds = [{ kind: "refund", zh: "退货", en: "Refund" }] as unknown as TerminalState["kinds"];
    push({ kinds });
    expect([till.kindName("refund"), till.kindName("void"), till.kindName(null)]).toEqual(["退货", "", ""]);
  });

  it("speaks the chosen language", () => {
    expect(till.said({ zh: "成功", en: "Approved" })).toBe("成功");
    till.preferences.language = "en";
    expect(till.said({ zh: "成功", en: "Approved" })).toBe("Approved");
  });
});
