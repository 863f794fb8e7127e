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
// Words that are the same in both: the other language's own name, and names of standards.
const SHARED = new Set(["language.switch", "setting.comma"]);

function places(text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort();
}

describe("the words of the portal", () => {
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
    const bare = (text: string): string => text.replace(/\{\w+\}/g, "");
    const chineseIsNot = [...chinese].filter(
      ([name, text]) => !SHARED.has(name) && /[A-Za-z]{3}/.test(bare(text)) && !/\p{Script=Han}/u.test(text),
    );
    expect(chineseIsNot).toEqual([]);
    expect([...english].filter(([name, text]) => !SHARED.has(name) && /\p{Script=Han}/u.test(text))).toEqual([]);
  });

  it("are one sentence with no blank at an end", () => {
    expect([...chinese, ...english].filter(([name, text]) => name !== "setting.comma" && text !== text.trim())).toEqual([]);
  });
});
