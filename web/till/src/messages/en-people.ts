/** Operators: first PIN, locked screen, function passwords, looking after operators. */

import type { People } from "./zh-people";

export const people: People = {
  lock: {
    title: "Locked",
    note: "Operator {no} opens it with the password; a supervisor may log in instead.",
    open: "Unlock",
  },
  gate: {
    title: "This function has a password",
    note: "Give the password of this function to go on.",
    password: "Function password",
    submit: "Go on",
  },
  boot: { title: "Without log-in" },
  operators: {
    title: "Operators",
    note: "Each change asks for the supervisor's password. It works offline too; the platform is told later.",
    add: "Add operator",
    reset: "Reset password",
    end: "End",
    number: "Number",
    name: "Name",
    role: "Role",
    cashier: "Cashier",
    supervisor: "Supervisor",
    administrator: "Administrator",
    mustChange: "must change the password",
    addTitle: "Add operator {no}",
    resetTitle: "First password for operator {no}",
    endTitle: "End operator {no}",
    firstPin: "Choose a first password and tell it to the person, who must change it at the first log-in.",
    endNote: "{no} cannot log in from now on. This cannot be undone.",
    go: "Next: approval",
    done: "Saved. The platform is told when there is a line.",
    only: "You are the only operator.",
    refused: "The platform did not take the change of operator {no}: {why}",
    why: {
      number_taken: "the number is taken",
      unknown_operator: "it knows no such operator",
      not_allowed: "the rights do not suffice",
      not_of_this_terminal: "the operator is one of all the merchant's terminals; change it in the portal",
      other: "change it in the portal",
    },
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
