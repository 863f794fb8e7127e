import { frame } from "./zh/frame";
import { publicPage } from "./zh/public";
import { title } from "./zh/title";

export const zh = { ...frame, title, public: publicPage };

export type Messages = typeof zh;
