/** The page's only state: what the terminal pushed last, and this screen's own preferences. */

import { inject, reactive, shallowReactive, type InjectionKey } from "vue";
import {
  browserStore,
  keepChoice,
  languageOf,
  readChoice,
  type Language,
  type Theme,
} from "@tongbao/shared/preference.ts";
import { EMPTY_DRAFT, type AmountDraft } from "./draft";
import { EMPTY_FORM, type FormValues } from "./form";
import { kindOf, type Page, type TillFunction } from "./functions";
import { TerminalLink, type Answer, type LinkStatus, type Surroundings } from "./link";
import type { CommandName, Commands, Phase, Said, TerminalState } from "./protocol";
import { checkShown_ms, hasPoweredOn } from "./screen";
import { Sounds } from "./sound";

const LANGUAGES = ["zh", "en"] as const;
const THEMES = ["auto", "light", "dark"] as const;

/** What is drawn from. Replaced as a whole by every push, never edited by a screen. */
export interface View {
  status: LinkStatus;
  /** Was there ever a state? Before that the page shows its cover, not an error. */
  state: TerminalState | null;
  receivedAt: number;
}

export interface Preferences {
  language: Language;
  /** The language that was wanted of this terminal last, and that this screen has taken. */
  followed: Language | "";
  theme: Theme;
  muted: boolean;
}

export interface Notice {
  readonly id: number;
  readonly zh: string;
  readonly en: string;
}

/** A payment as it was typed: no secret is among it. */
export interface Entry {
  readonly kind: string;
  readonly values: FormValues;
}

export interface Desk {
  notice: Notice | null;
  /** A slip being looked at. */
  slip: { readonly url: string; readonly trace: number } | null;
  /** The cashier opened the page about the payment in doubt from the idle screen. */
  doubtOpen: boolean;
  recentOpen: boolean;
  /** The pages opened from the home screen, the shown one last; empty at home. */
  trail: readonly Page[];
  /** The amount typed at home; it outlives a look into the menu, never a payment. */
  draft: AmountDraft;
  /** What the running payment was started with, to type it no second time after a refusal. */
  entry: Entry | null;
  /** The cashier wants the refused payment once more as soon as the terminal rests. */
  again: boolean;
  /** Where to go as soon as the terminal rests. */
  then: Page | null;
  /** When the terminal was switched on, while its self-check is being shown. */
  checkSince: number | null;
  /** The whole list has been on the screen long enough. */
  checkShown: boolean;
  /** Which card of the sandbox's drawer was swiped last, for its PIN hint only. */
  pinHint: string | null;
  /** A function that asks for a password or an approval before it opens. */
  gate: Gate | null;
}

export interface Gate {
  readonly wanted: TillFunction;
  readonly needs: readonly ("supervisor" | "password")[];
  go(): void;
}

export interface Till {
  readonly view: Readonly<View>;
  readonly preferences: Preferences;
  readonly desk: Desk;
  readonly sounds: Sounds;
  readonly link: TerminalLink;
  /** Send a command; what the terminal refuses is shown as a notice unless the screen shows it. */
  send<Name extends CommandName>(name: Name, args: Commands[Name]): Promise<Answer>;
  tell(text: { zh: string; en: string }): void;
  /** Open a page above the present one. */
  open(page: Page): void;
  /** Open a form with something typed into it already. */
  openForm(kind: string, typed: Partial<FormValues>): void;
  /** Leave the shown page for the one below. */
  back(): void;
  home(): void;
  /** What a kind of payment is called. */
  kindName(kind: string | null): string;
  /** The text of the chosen language. */
  said(text: { zh: string; en: string }): string;
  keep(): void;
  toggleSound(): void;
}

const NOTICE_MS = 4000;
/** Refusals that need no word: the screen has moved on or the block is already shown. */
const SILENT = new Set(["link_lost", "link_down", "already_sent"]);
/** Commands whose refusal the screen itself explains. */
const EXPLAINED = new Set<CommandName>(["log_in", "change_pin", "open_function", "manage_operator", "enter_pin", "enter_card", "find"]);

export function readPreferences(browserLanguages: readonly string[]): Preferences {
  const store = browserStore();
  return {
    language: readChoice(store, "tongbao.language", LANGUAGES, languageOf(browserLanguages)),
    followed: readChoice(store, "tongbao.language.followed", [...LANGUAGES, ""] as const, ""),
    theme: readChoice(store, "tongbao.theme", THEMES, "auto"),
    muted: readChoice(store, "tongbao.sound", ["on", "off"] as const, "on") === "off",
  };
}

/** Take the language that is wanted of this terminal, once: a person at the screen may change it. */
function follow(preferences: Preferences, wanted: Language | null): void {
  if (wanted !== null && wanted !== preferences.followed) {
    preferences.followed = wanted;
    preferences.language = wanted;
    const store = browserStore();
    keepChoice(store, "tongbao.language.followed", wanted);
    keepChoice(store, "tongbao.language", wanted);
  }
}

export function createTill(around: Surroundings, sounds: Sounds, preferences: Preferences): Till {
  const view = shallowReactive<View>({ status: "connecting", state: null, receivedAt: 0 });
  const kept = reactive(preferences);
  const desk = shallowReactive<Desk>({
    notice: null,
    slip: null,
    doubtOpen: false,
    recentOpen: false,
    trail: [],
    draft: EMPTY_DRAFT,
    entry: null,
    again: false,
    then: null,
    checkSince: null,
    checkShown: false,
    pinHint: null,
    gate: null,
  });
  let heard: number | string | null = null;
  let noticeId = 0;
  sounds.muted = kept.muted;

  const link = new TerminalLink(around, {
    status(status) {
      view.status = status;
      if (status === "down") {
        desk.slip = null;
        desk.recentOpen = false;
      }
    },
    state({ state }, first) {
      const sound = state.sound;
      // A sound of before this page came is over; it is not played again.
      if (sound !== null && sound.id !== heard && !first) {
        sounds.play(sound.name);
      }
      heard = sound?.id ?? null;
      if (state.phase !== view.state?.phase) {
        desk.gate = null;
        desk.slip = null;
        desk.recentOpen = false;
        turnTo(desk, state.phase);
      }
      if ((state.operator ?? null) !== (view.state?.operator ?? null)) {
        forgetPerson(desk);
      }
      if (state.phase !== "card" && state.phase !== "pin") {
        desk.pinHint = null;
      }
      if (state.doubt === null || !["idle", "logged_out"].includes(state.phase)) {
        desk.doubtOpen = false;
      }
      if (hasPoweredOn(view.state?.phase ?? null, state.phase)) {
        const since = around.now();
        desk.checkSince = since;
        desk.checkShown = false;
        around.later(checkShown_ms(state.self_check.length), () => {
          desk.checkShown = desk.checkSince === since;
        });
      }
      if (state.phase !== "self_check" && state.phase !== "logged_out") {
        desk.checkSince = null;
      }
      follow(kept, state.language ?? null);
      view.receivedAt = around.now();
      view.state = state;
    },
  });

  const said = (text: { zh: string; en: string }): string =>
    kept.language === "zh" ? text.zh : text.en;

  const tell = (text: { zh: string; en: string }): void => {
    noticeId += 1;
    const id = noticeId;
    desk.notice = { id, zh: text.zh, en: text.en };
    around.later(NOTICE_MS, () => {
      if (desk.notice?.id === id) {
        desk.notice = null;
      }
    });
  };

  const worthTelling = (name: CommandName, error: Said): boolean =>
    !SILENT.has(error.code) && !EXPLAINED.has(name);

  return {
    view,
    preferences: kept,
    desk,
    sounds,
    link,
    async send(name, args) {
      const answer = await link.send(name, args);
      if (!answer.ok && worthTelling(name, answer.error)) {
        tell(answer.error);
      }
      return answer;
    },
    tell,
    open(page) {
      desk.trail = [...desk.trail, page];
    },
    openForm(kind, typed) {
      desk.entry = { kind, values: { ...EMPTY_FORM, ...typed } };
      this.open({ name: "form", kind });
    },
    back() {
      desk.trail = desk.trail.slice(0, -1);
    },
    home() {
      desk.trail = [];
    },
    kindName(kind) {
      const known = view.state === null ? null : kindOf(view.state, kind);
      return known === null ? "" : said(known);
    },
    said,
    toggleSound() {
      kept.muted = !kept.muted;
      this.keep();
    },
    keep() {
      const store = browserStore();
      keepChoice(store, "tongbao.language", kept.language);
      keepChoice(store, "tongbao.theme", kept.theme);
      keepChoice(store, "tongbao.sound", kept.muted ? "off" : "on");
      sounds.muted = kept.muted;
    },
  };
}

/** A new phase closes every page, unless a refused payment is to be typed once more. */
function turnTo(desk: Desk, phase: Phase): void {
  const entry = desk.again && phase === "idle" ? desk.entry : null;
  const then = phase === "idle" ? desk.then : null;
  desk.trail = then === null ? [] : [then];
  if (entry !== null && entry.kind !== "sale") {
    desk.trail = [{ name: "menu" }, { name: "form", kind: entry.kind }];
  }
  desk.draft = entry?.kind === "sale" ? entry.values.amount : EMPTY_DRAFT;
  if (phase === "idle") {
    desk.entry = entry;
    desk.again = false;
    desk.then = null;
  }
}

/** Somebody else may stand here now: nothing that was typed or opened is there for them. */
function forgetPerson(desk: Desk): void {
  desk.trail = [];
  desk.draft = EMPTY_DRAFT;
  desk.entry = null;
  desk.again = false;
  desk.then = null;
  desk.slip = null;
  desk.recentOpen = false;
  desk.doubtOpen = false;
  desk.gate = null;
}

export const TILL: InjectionKey<Till> = Symbol("till");

export function useTill(): Till {
  const till = inject(TILL);
  if (till === undefined) {
    throw new Error("no till is provided");
  }
  return till;
}

/** The pushed state, for screens that are only shown when there is one. */
export function useTerminal(): { readonly state: TerminalState; readonly receivedAt: number } {
  const { view } = useTill();
  return {
    get state() {
      if (view.state === null) {
        throw new Error("a screen is shown before the terminal spoke");
      }
      return view.state;
    },
    get receivedAt() {
      return view.receivedAt;
    },
  };
}
