import { frame } from "./en/frame";
import { publicPage } from "./en/public";
import { title } from "./en/title";
import type { Messages } from "./zh";

export const en: Messages = { ...frame, title, public: publicPage };
