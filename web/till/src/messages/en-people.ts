/** Operators: first PIN, locked screen, function passwords, looking after operators. */

import type { People } from "./zh-people";

export const people: People = {
  lock: {
    title: "Locked",
    note: "Operator {no} opens it with the password; a supervisor may log in instead.",
    open: "Unlock",
  },
  ownPin: {
    firstTitle: "Choose your own password",
    firstNote:
      "Operator {no}: somebody else knows the first password. Choose one of 4 to 8 digits that only you know; then you can take payments.",
    changeTitle: "Change password",
    changeNote: "Operator {no}: give the present password, then the new one twice.",
    old: "Present password",
    new: "New password",
    again: "Once more",
    submit: "Save password",
    next: "Next",
    leave: "Leave",
    differs: "The two new passwords differ. Enter them again.",
    changed: "The password is changed.",
  },
};
