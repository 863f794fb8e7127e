"""An issuer as the network dialect promises it: first answers repeated, reversals order-free."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.host.parties import ScriptedIssuer
from tongbao.wire.iso8583.codec import Message


@dataclass
class ModelIssuer:
    """Remembers every F37; `declining` holds the amounts it declines."""

    declining: set[int] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    debits: dict[str, int] = field(default_factory=dict)
    reversed: set[str] = field(default_factory=set)
    first: dict[str, Message] = field(default_factory=dict)
    scripted: ScriptedIssuer = field(default_factory=ScriptedIssuer)

    def handle(self, request: Message) -> bytes:
        """Take a 0200, 0420 or 0600 and return the answer's bytes."""
        rrn = request.text(37)
        if request.mti == "0600":
            return self._found(request)
        if request.mti == "0420":
            self.reversed.add(rrn)
            return self.scripted.answer(request, "00" if rrn in self.answers else "25")
        if rrn not in self.answers:
            self.first[rrn] = request
            if rrn in self.reversed:
                self.answers[rrn] = "12"
            elif int(request.text(4)) in self.declining:
                self.answers[rrn] = "51"
            else:
                self.answers[rrn] = "00"
                self.debits[rrn] = int(request.text(4))
        return self.scripted.answer(request, self.answers[rrn])

    def _found(self, inquiry: Message) -> bytes:
        """Say what is known of the request that F62 names."""
        rrn = inquiry.text(62)
        request = self.first.get(rrn)
        known = {} if request is None else {n: request.fields[n] for n in (3, 4, 49)}
        code = self.answers.get(rrn, "25")
        if rrn in self.reversed:
            code = "R0"
        elif code == "00":
            known[38] = "123456"
        return self.scripted.answer(inquiry, code, change=known)

    def charged(self) -> dict[str, int]:
        """What card holders have paid and not got back, by F37."""
        return {rrn: amount for rrn, amount in self.debits.items() if rrn not in self.reversed}
