import { account, operator, people, role } from "./en/account";
import { activate, apply } from "./en/apply";
import { contract } from "./en/contract";
import { frame } from "./en/frame";
import { keys, right } from "./en/keys";
import { login } from "./en/login";
import { publicPage } from "./en/public";
import { menuItem, shop } from "./en/shop";
import { audit, place, setting, terminal, webhook } from "./en/terminal";
import { title } from "./en/title";
import type { Messages } from "./zh";

export const en: Messages = {
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
