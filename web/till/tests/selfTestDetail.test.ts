import { expect, test } from "vitest";
import { detailWords } from "../src/selfTestDetail";

test("a detail becomes its form and numbers", () => {
  expect(detailWords("platform 12 ms, host 3 ms")).toEqual({ form: "network", numbers: ["12", "3"] });
  expect(detailWords("4096 dots, 1 code")).toEqual({ form: "printed", numbers: ["4096", "1"] });
});

test("a detail of no known form stays as it was written", () => {
  expect(detailWords("+0.1 s")).toBeNull();
  expect(detailWords("approved, many slips")).toBeNull();
});
