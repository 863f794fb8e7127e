import { describe, expect, it } from "vitest";
import { credentialOf, stepOf } from "../src/api/accounts";
import { isAbout, useForm } from "../src/load";
import { FIELD_NAMES, FIELDS, fieldsOf, stepOfField, STEPS, troubleOf } from "../src/pages/apply/fields";
import { addressQueryOf, apiQueryOf, filterOf, NO_FILTER, troubleOf as filterTrouble } from "../src/pages/shop/paymentFilter";
import { accountNumberIsWhole, creditCodeIsWhole, fenOf, mobileIsWhole, paperTrouble, passwordLacks, residentIdIsWhole } from "../src/rules";
import { activationCodeOf } from "../src/scan";
import { safeNext } from "../src/session";
import { Problem } from "../src/api/problem";
import { SETTING_FIELDS, typedOf } from "../src/settingFields";

/** Numbers with right check digits, put together here: none is anybody's. */
function resident(body: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, place) => total + weight * Number(body[place]), 0);
  return body + "10X98765432"[sum % 11];
}
function credit(body: string): string {
  const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
  const sum = weights.reduce((total, weight, place) => total + weight * letters.indexOf(body[place] ?? ""), 0);
  return body + letters[(31 - (sum % 31)) % 31];
}

describe("what a page can see by itself", () => {
  it("knows a whole credit code by its last character", () => {
    const whole = credit("91110101MA0000000");
    expect([creditCodeIsWhole(whole), creditCodeIsWhole(whole.toLowerCase())]).toEqual([true, true]);
    const wrong = [whole.slice(0, 17) + (whole[17] === "0" ? "1" : "0"), whole.slice(1), `${whole.slice(0, 16)}I${whole[17]}`];
    expect(wrong.map(creditCodeIsWhole)).toEqual([false, false, false]);
  });

  it("knows a whole resident id by its last character and its day", () => {
    const whole = resident("11010119900101001");
    expect(residentIdIsWhole(whole)).toBe(true);
    expect(residentIdIsWhole(whole.slice(0, 17) + (whole[17] === "1" ? "2" : "1"))).toBe(false);
    expect(residentIdIsWhole(resident("11010119901301001"))).toBe(false);
  });

  it("asks for a Luhn digit of cards and only for digits of company accounts", () => {
    expect(accountNumberIsWhole("6200 0012 3456 7890 128", "personal")).toBe(true);
    expect(accountNumberIsWhole("6200001234567890129", "personal")).toBe(false);
    expect(accountNumberIsWhole("6200001234567890129", "corporate")).toBe(true);
    expect(accountNumberIsWhole("1234", "corporate")).toBe(false);
  });

  it.each([
    ["12", 1200],
    ["12.5", 1250],
    ["1,234.56", 123456],
    ["0.01", 1],
    ["12.345", null],
    ["-1", null],
    ["", null],
    ["abc", null],
  ])("reads %s yuan as %s fen, without a float", (typed, fen) => {
    expect(fenOf(typed)).toBe(fen);
  });

  it("knows phones, passwords and papers", () => {
    expect(["19900001234", "+8619900001234", "1990000123", "2990000123 4"].map(mobileIsWhole)).toEqual([true, true, false, false]);
    expect([passwordLacks("short"), passwordLacks("long enough 1")]).toEqual([7, 0]);
    expect([
      paperTrouble({ type: "image/jpeg", size: 10 }),
      paperTrouble({ type: "image/gif", size: 10 }),
      paperTrouble({ type: "application/pdf", size: 9_000_000 }),
      paperTrouble({ type: "image/png", size: 0 }),
    ]).toEqual([null, "wrongType", "tooLarge", "emptyFile"]);
  });
});

describe("the form of an application", () => {
  it("has each field once, and asks a micro merchant for no licence", () => {
    const all = STEPS.flatMap((step) => FIELDS[step].map(({ name }) => name));
    expect([...all].sort()).toEqual([...FIELD_NAMES].sort());
    expect(fieldsOf("business", "micro").map(({ name }) => name)).toEqual(["name", "name_en", "mcc", "monthly_turnover_minor"]);
  });

  it("leads a finding to its step, and one about a paper to the papers", () => {
    expect(["credit_code", "data.shop_address", "papers.licence", "licence"].map(stepOfField)).toEqual(["business", "shop", "papers", "papers"]);
  });

  it("asks for what is needed, not for what is optional or kept sealed already", () => {
    const of = (name: string) => STEPS.flatMap((step) => FIELDS[step]).find((one) => one.name === name) as (typeof FIELDS)["business"][number];
    expect([
      troubleOf(of("name"), {}, false),
      troubleOf(of("name_en"), {}, false),
      troubleOf(of("resident_id"), {}, true),
      troubleOf(of("resident_id"), { resident_id: "1" }, true),
      troubleOf(of("id_expires"), { id_begins: "2020-01-01", id_expires: "2019-01-01" }, false),
      troubleOf(of("id_expires"), { id_begins: "2020-01-01", id_expires: "no_end" }, false),
      troubleOf(of("monthly_turnover_minor"), { monthly_turnover_minor: "x" }, false),
      troubleOf(of("contact_email"), { contact_email: "a@b" }, false),
    ]).toEqual(["missing", null, null, "resident_id", "order", null, "money", "email"]);
  });
});

describe("a form that is sent", () => {
  it("sends once at a time, keeps its key while nobody answered, and shows findings at their fields", async () => {
    const form = useForm({ shop: "" });
    const keys: string[] = [];
    const network = new Problem(0, "network", "", "");
    const refused = new Problem(422, "invalid", "", "", [{ field: "body.shop", code: "empty", words: "Name it." }]);
    for (const thrown of [network, refused]) {
      await form.send(async (key) => {
        keys.push(key);
        expect(await form.send(async () => undefined)).toBe(false);
        throw thrown;
      });
    }
    expect([keys[0] === keys[1], form.wrong("shop"), form.busy]).toEqual([true, "Name it.", false]);
    expect(await form.send(async (key) => void keys.push(key))).toBe(true);
    expect([keys[2] === keys[1], form.wrong("shop"), form.problem]).toEqual([false, "", null]);
  });

  it("knows which field a finding is about", () => {
    expect([isAbout("data.shop.city", "city"), isAbout("city", "city"), isAbout("velocity", "city")]).toEqual([true, true, false]);
  });
});

describe("the filters of payments", () => {
  it("live in the address and leave out what is not set", () => {
    const filter = filterOf({ status: "declined", amount_from: "12.5", search: ["a", "b"], other: "x" });
    expect(addressQueryOf(filter)).toEqual({ status: "declined", amount_from: "12.5" });
    expect(apiQueryOf(filter)).toMatchObject({ status: "declined", amount_min_minor: 1250, search: null, kind: null });
  });

  it("send no word that the API does not know", () => {
    expect(apiQueryOf({ ...NO_FILTER, status: "drop table", kind: "gift" })).toMatchObject({ status: null, kind: null });
  });

  it("say what is wrong before anything is asked", () => {
    expect(filterTrouble({ ...NO_FILTER, amount_to: "1.234", terminal_id: "123", first_day: "2026-11-21", last_day: "2026-11-20" })).toEqual({
      amount_to: "badAmount",
      terminal_id: "badTerminal",
      last_day: "badDays",
    });
  });
});

describe("logging in", () => {
  it("tells an address, a phone and a name apart", () => {
    expect(["a@b.cn", "199 0000 1234", "+85212345678", "lilei", "105290053110001"].map(credentialOf)).toEqual([
      { email: "a@b.cn" },
      { phone: "+8619900001234" },
      { phone: "+85212345678" },
      { username: "lilei" },
      { username: "105290053110001" },
    ]);
  });

  it("reads the step that is missing", () => {
    const flows = [{ id: "login" }, { id: "mfa_authenticate", is_pending: true, types: ["totp"] }];
    expect(stepOf({ status: 401, data: { flows }, meta: { is_authenticated: false } })).toEqual({ at: "factor", kinds: ["totp"] });
    expect(stepOf({ status: 401, data: { flows: [{ id: "verify_phone", is_pending: true }] } })).toEqual({ at: "verify", by: "phone" });
    expect([stepOf({ status: 401, data: { flows: [] } }).at, stepOf({ status: 200 }).at]).toEqual(["out", "in"]);
  });

  it("goes back only to pages of this portal", () => {
    expect(
      ["/portal/m/1/payments?status=declined", "//evil.example", "https://evil.example", "/portal//evil", "/console/", "/portal/login?next=x", undefined].map(safeNext),
    ).toEqual(["/portal/m/1/payments?status=declined", "/portal/", "/portal/", "/portal/", "/portal/", "/portal/", "/portal/"]);
  });
});

describe("the code on a new terminal", () => {
  it("is read whole or not at all", () => {
    expect(activationCodeOf(" tongbao-activate:TB26110001:00000002:12345678 ")).toEqual({ serial: "TB26110001", terminal: "00000002", code: "12345678" });
    expect(["https://evil.example", "tongbao-activate:TB26110001:00000002:1234567", "tongbao-activate:a:b:c"].map(activationCodeOf)).toEqual([null, null, null]);
  });
});

describe("the settings of terminals", () => {
  it("are typed as people read them", () => {
    const of = (path: string) => SETTING_FIELDS.find((one) => one.path === path) as (typeof SETTING_FIELDS)[number];
    expect([
      typedOf(of("limits.sale_minor"), 123450),
      typedOf(of("limits.sale_minor"), 100000),
      typedOf(of("limits.sale_minor"), null),
      typedOf(of("slip.header"), ["a", "b"]),
      typedOf(of("auto_sign_in"), true),
      typedOf(of("tenders"), ["card"]),
    ]).toEqual(["1234.50", "1000", "", "a\nb", true, ["card"]]);
  });
});
