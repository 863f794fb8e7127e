import type { account as zhAccount, role as zhRole } from "../zh/account";

export const account: typeof zhAccount = {
  title: "Account and security",
  menu: "Account",
  logOut: "Log out",
};

export const role: typeof zhRole = {
  owner: "Owner",
  manager: "Manager",
  accountant: "Accountant",
  support: "Support",
  read_only: "Read only",
  custom: "Custom",
};
