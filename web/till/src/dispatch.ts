/** From a function of the menu to what it does; a barred one says why and does nothing. */

import { i18n } from "./i18n";
import { kindOf, needsForm, type Bar, type TillFunction } from "./functions";
import type { Words } from "./approval";
import type { ServiceResult } from "./protocol";
import { useTill } from "./till";
import { EMPTY_FORM } from "./form";

/** The words of a bar in both languages. */
export function barWords(bar: Bar): Words {
  const say = (locale: "zh" | "en"): string => i18n.global.t(`bar.${bar}`, {}, { locale });
  return { zh: say("zh"), en: say("en") };
}

/** How a small service ended: its name, and how quick the host was or why it failed. */
export function serviceWords({ what, round_trip_ms, error }: ServiceResult): Words {
  const say = (locale: "zh" | "en"): string => {
    const key = error === null ? `functions.done.${what}` : `functions.failed.${what}`;
    const values = { ms: round_trip_ms ?? 0, why: error?.[locale] ?? "" };
    return i18n.global.t(key, values, { locale });
  };
  return { zh: say("zh"), en: say("en") };
}

export function useDispatch(): (wanted: TillFunction) => void {
  const till = useTill();

  const startBare = (kind: string): void => {
    till.desk.entry = { kind, values: EMPTY_FORM };
    void till.send("start", { kind });
  };

  const open = ({ act, bar }: TillFunction): void => {
    if (bar !== null) {
      till.sounds.play("error");
      till.tell(barWords(bar));
    } else if ("home" in act) {
      till.home();
    } else if ("command" in act) {
      void till.send(act.command, {});
    } else {
      const kind =
        act.page.name === "form" && till.view.state !== null
          ? kindOf(till.view.state, act.page.kind)
          : null;
      if (kind !== null && !needsForm(kind)) {
        startBare(kind.kind);
      } else {
        till.open(act.page);
      }
    }
  };

  return (wanted) => {
    const needs = till.view.state?.gates?.[wanted.kind] ?? [];
    if (wanted.bar !== null || needs.length === 0) {
      open(wanted);
    } else {
      till.desk.gate = { wanted, needs, go: () => open(wanted) };
    }
  };
}
