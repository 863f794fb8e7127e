/** The filters of the list of payments: in the address, so that they survive a reload and a link. */

import type { LocationQuery } from "vue-router";
import type { Operations } from "../../api/generated";
import { fenOf } from "../../rules";

export interface Filter {
  search: string;
  first_day: string;
  last_day: string;
  status: string;
  kind: string;
  terminal_id: string;
  amount_from: string;
  amount_to: string;
}

export const NO_FILTER: Readonly<Filter> = {
  search: "",
  first_day: "",
  last_day: "",
  status: "",
  kind: "",
  terminal_id: "",
  amount_from: "",
  amount_to: "",
};

export const STATUSES = ["approved", "declined", "reversed", "in_doubt"] as const;
export const KINDS = [
  "sale",
  "refund",
  "void",
  "pre_authorisation",
  "pre_authorisation_void",
  "completion",
  "completion_advice",
  "completion_void",
  "offline_sale",
  "adjustment",
  "tip",
  "mail_order",
  "balance",
  "chip_offline_sale",
] as const;

type Query = Operations["list_payments"]["query"];

export function filterOf(query: LocationQuery): Filter {
  const filter = { ...NO_FILTER };
  for (const name of Object.keys(NO_FILTER) as (keyof Filter)[]) {
    const value = query[name];
    filter[name] = typeof value === "string" ? value : "";
  }
  return filter;
}

/** The filter as an address keeps it: what is not set is left out. */
export function addressQueryOf(filter: Filter): Record<string, string> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}

export type FilterTrouble = "badAmount" | "badTerminal" | "badDays";

/** What in a filter cannot be asked for, by field. */
export function troubleOf(filter: Filter): Partial<Record<keyof Filter, FilterTrouble>> {
  const found: Partial<Record<keyof Filter, FilterTrouble>> = {};
  for (const name of ["amount_from", "amount_to"] as const) {
    if (filter[name] !== "" && fenOf(filter[name]) === null) {
      found[name] = "badAmount";
    }
  }
  if (filter.terminal_id !== "" && filter.terminal_id.trim().length !== 8) {
    found.terminal_id = "badTerminal";
  }
  if (filter.first_day !== "" && filter.last_day !== "" && filter.last_day < filter.first_day) {
    found.last_day = "badDays";
  }
  return found;
}

/** The filter as the API takes it; what is not one of its words is left out. */
export function apiQueryOf(filter: Filter): Omit<Query, "cursor" | "limit"> {
  const status = STATUSES.find((word) => word === filter.status);
  const kind = KINDS.find((word) => word === filter.kind);
  return {
    search: filter.search.trim() || null,
    first_day: filter.first_day || null,
    last_day: filter.last_day || null,
    status: status ?? null,
    kind: kind ?? null,
    terminal_id: filter.terminal_id.trim() || null,
    amount_min_minor: fenOf(filter.amount_from),
    amount_max_minor: fenOf(filter.amount_to),
  };
}
