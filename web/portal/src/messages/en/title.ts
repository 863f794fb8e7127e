import type { title as zh } from "../zh/title";

export const title: typeof zh = {
  public: "Apply for a payment terminal",
  missing: "No such page",
};
