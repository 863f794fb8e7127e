/** From a function of the menu to what it does; a barred one says why and does nothing. */

import { i18n } from "./i18n";
import { kindOf, needsForm, type Bar, type TillFunction } from "./functions";
import { useTill } from "./till";
import { EMPTY_FORM } from "./form";

/** The words of a bar in both languages. */
export function barWords(bar: Bar): { zh: string; en: string } {
  const say = (locale: "zh" | "en"): string => i18n.global.t(`bar.${bar}`, {}, { locale });
  return { zh: say("zh"), en: say("en") };
}

const SENT = {
  sign_in: null,
  sign_off: "functions.sent.signOff",
  echo: "functions.sent.echo",
  report_status: "functions.sent.reportStatus",
} as const;

export function useDispatch(): (wanted: TillFunction) => void {
  const till = useTill();

  const command = async (name: keyof typeof SENT): Promise<void> => {
    const answer = await till.send(name, {});
    const key = SENT[name];
    if (answer.ok && key !== null) {
      const say = (locale: "zh" | "en"): string => i18n.global.t(key, {}, { locale });
      till.tell({ zh: say("zh"), en: say("en") });
    }
  };

  const startBare = (kind: string): void => {
    till.desk.entry = { kind, values: EMPTY_FORM };
    void till.send("start", { kind });
  };

  return ({ act, bar }) => {
    if (bar !== null) {
      till.sounds.play("error");
      till.tell(barWords(bar));
    } else if ("home" in act) {
      till.home();
    } else if ("command" in act) {
      void command(act.command);
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
}
