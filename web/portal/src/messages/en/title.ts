import type { title as zh } from "../zh/title";

export const title: typeof zh = {
  public: "Apply for a payment terminal",
  missing: "No such page",
  unreachable: "No connection",
  login: "Log in",
  register: "Register",
  forgotten: "Forgotten password",
  reset: "Set a new password",
  invitation: "Set a password",
  choose: "Choose a merchant",
  home: "Home",
  payments: "Payments",
  payment: "Payment",
  keys: "API keys",
};
