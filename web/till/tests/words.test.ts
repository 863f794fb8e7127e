import { describe, expect, it } from "vitest";
import { en } from "../src/messages/en";
import { zh } from "../src/messages/zh";

type Tree = { readonly [key: string]: string | Tree };

function leaves(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const here = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") {
      found.set(here, value);
    } else {
      leaves(value, here).forEach((text, name) => found.set(name, text));
    }
  }
  return found;
}

const chinese = leaves(zh);
const english = leaves(en);

function places(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

describe("the words of the till", () => {
  it("exist in both languages, none of them empty", () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
    expect([...chinese, ...english].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("fill in the same values in both languages", () => {
    const different = [...chinese].filter(
      ([name, text]) => `${places(text)}` !== `${places(english.get(name) ?? "")}`,
    );
    expect(different).toEqual([]);
  });

  it("are Chinese in Chinese, and English in English", () => {
    const foreign = ["language.other", "language.name"];
    const keys = (name: string): boolean => name.startsWith("key.") || foreign.includes(name);
    expect([...chinese].filter(([name, text]) => !keys(name) && !/\p{Script=Han}/u.test(text))).toEqual([]);
    expect([...english].filter(([name, text]) => !keys(name) && /\p{Script=Han}/u.test(text))).toEqual([]);
  });

  it("use the fixed words for the four statuses", () => {
    expect(zh.outcome).toMatchObject({ approved: "成功", declined: "失败", reversed: "已冲正", in_doubt: "查询中" });
  });
});
