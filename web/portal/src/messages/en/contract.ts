import type { contract as zh } from "../zh/contract";

export const contract: typeof zh = {
  none: "No contract yet",
  noneNote: "Once your application is approved, the contract waits here for your signature.",
  until: "Sign it before {at}.",
  notYours: "Signing needs the right to sign contracts; ask the owner.",
  inForce: "Contract in force",
  signedBy: "Signed by {name} on {day}",
  onlyYou: "A fee changes only by a new contract that you sign.",
  signer: "Name of the signer",
  limits: "Limits",
  account: "Settlement account",
  since: "Since",
  changeAccount: "Change the account",
  changeNote: "A change is an application: it is verified and two people at the acquirer decide. Until then the old account is paid.",
  changing: "A change is under way; until it is approved the old account is paid.",
  reason: "Why it changes",
  ask: "Ask for the change",
};
