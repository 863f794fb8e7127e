import type { publicPage as zh } from "../zh/public";

export const publicPage: typeof zh = {
  nav: { prices: "Prices", device: "Devices", steps: "How it goes", apply: "Apply now", logIn: "Log in", toPortal: "Open the portal" },
  hero: {
    title: "Cards, codes and cash on one terminal",
    lead: "Fill in one form on your phone. You see how far review, contract, shipping and activation are, and what each fee is made of.",
    apply: "Apply now",
    prices: "See the prices",
    points: {
      times: "Each step says how long it takes at most",
      words: "If a paper is wrong, we say what to correct",
      fees: "A fee changes only when you have signed",
    },
  },
  steps: {
    title: "From the form to the first sale",
    lead: "No counter to queue at, nobody to call.",
    apply: { title: "Apply", note: "Choose your kind of business, photograph the papers, save the draft at any time." },
    review: { title: "Review", note: "Checked by machine, then by a person; each thing to correct is named." },
    sign: { title: "Sign", note: "Read the contract on the screen, sign by hand, confirm by SMS." },
    ship: { title: "Shipping", note: "The terminal comes with its keys loaded; its serial number can be followed." },
    start: { title: "Activate", note: "Scan the code on the terminal's screen; after its self-test it takes payments." },
  },
  footer: {
    tag: "Open acquiring platform and payment terminal",
    staff: "For the acquirer's staff",
    honest: "This is a software model: the key store stands in for a hardware module and has no UnionPay certificate.",
  },
};
