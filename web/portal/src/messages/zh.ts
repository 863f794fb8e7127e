import { account, operator, people, role } from "./zh/account";
import { activate, apply } from "./zh/apply";
import { contract } from "./zh/contract";
import { frame } from "./zh/frame";
import { keys, right } from "./zh/keys";
import { login } from "./zh/login";
import { publicPage } from "./zh/public";
import { menuItem, shop } from "./zh/shop";
import { audit, place, setting, terminal, webhook } from "./zh/terminal";
import { title } from "./zh/title";

export const zh = {
  ...frame,
  title,
  public: publicPage,
  login,
  account,
  role,
  people,
  operator,
  right,
  apply,
  activate,
  menuItem,
  shop,
  keys,
  contract,
  terminal,
  setting,
  place,
  audit,
  webhook,
};

export type Messages = typeof zh;
