"""Providers without another side, for tests and for a platform that has none configured."""

from __future__ import annotations

from dataclasses import dataclass, field

from tongbao.platform.providers.ports import (
    AccountClaim,
    AccountVerdict,
    MailMessage,
    Place,
    Providers,
    ProviderUnavailableError,
    Reading,
    ReadingOutcome,
    ScreeningHit,
    TextMessage,
)


@dataclass(slots=True)
class InMemorySms:
    """Keeps what was sent; refuses while `is_down`."""

    sent: list[TextMessage] = field(default_factory=list)
    is_down: bool = False

    def send(self, message: TextMessage) -> None:
        """Keep the message."""
        if self.is_down:
            raise ProviderUnavailableError("sms", "is down")
        self.sent.append(message)


@dataclass(slots=True)
class InMemoryMail:
    """Keeps the letters that were sent; refuses while `is_down`."""

    sent: list[MailMessage] = field(default_factory=list)
    is_down: bool = False

    def deliver(self, message: MailMessage) -> None:
        """Keep the letter."""
        if self.is_down:
            raise ProviderUnavailableError("mail", "is down")
        self.sent.append(message)


@dataclass(slots=True)
class ListedPlaces:
    """Knows the addresses it is given, and counts how often it was asked."""

    known: dict[str, Place] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False

    def place_of(self, address: str) -> Place | None:
        """Look the address up."""
        self.asked.append(address)
        if self.is_down:
            raise ProviderUnavailableError("places", "is down")
        return self.known.get(address)


@dataclass(slots=True)
class InMemoryBank:
    """A bank with the accounts it is given: number to (holder, whether it is closed)."""

    accounts: dict[str, tuple[str, bool]] = field(default_factory=dict)
    deposits: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_down: bool = False

    def verify(self, claim: AccountClaim) -> AccountVerdict:
        """Compare with the accounts."""
        self._answer()
        holder, is_closed = self.accounts.get(claim.number, ("", False))
        if not holder:
            return AccountVerdict.UNKNOWN_ACCOUNT
        if is_closed:
            return AccountVerdict.CLOSED
        return AccountVerdict.MATCH if holder == claim.holder else AccountVerdict.NAME_MISMATCH

    def send_one_fen(self, claim: AccountClaim, *, remark: str, reference: str) -> str:
        """Keep the deposit under its reference."""
        self._answer()
        self.deposits.setdefault(reference, (claim.number, remark))
        return f"BANK-{reference}"

    def _answer(self) -> None:
        if self.is_down:
            raise ProviderUnavailableError("bank", "is down")


@dataclass(slots=True)
class ListScreening:
    """Finds exactly the names it is given."""

    names: frozenset[str] = frozenset()
    is_down: bool = False

    def screen(self, name: str) -> tuple[ScreeningHit, ...]:
        """Compare with the list."""
        if self.is_down:
            raise ProviderUnavailableError("screening", "is down")
        if name not in self.names:
            return ()
        return (ScreeningHit(listed_name=name, list_name="sandbox", likeness_percent=100),)


@dataclass(slots=True)
class PreparedReading:
    """Reads what it was told it would read, and is not installed for every other paper."""

    values: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self, paper_kind: str, picture: bytes) -> Reading:
        """Return the prepared values."""
        del picture
        if paper_kind not in self.values:
            return Reading(outcome=ReadingOutcome.NOT_INSTALLED)
        return Reading(outcome=ReadingOutcome.READ, values=dict(self.values[paper_kind]))


class Unconfigured:
    """Stands where no provider is configured: it cannot be asked."""

    def send(self, message: TextMessage) -> None:
        """Refuse."""
        del message
        raise ProviderUnavailableError("sms", "none is configured")

    def deliver(self, message: MailMessage) -> None:
        """Refuse."""
        del message
        raise ProviderUnavailableError("mail", "none is configured")

    def place_of(self, address: str) -> Place | None:
        """Refuse."""
        del address
        raise ProviderUnavailableError("places", "none is configured")

    def verify(self, claim: AccountClaim) -> AccountVerdict:
        """Refuse."""
        del claim
        raise ProviderUnavailableError("bank", "none is configured")

    def send_one_fen(self, claim: AccountClaim, *, remark: str, reference: str) -> str:
        """Refuse."""
        del claim, remark, reference
        raise ProviderUnavailableError("bank", "none is configured")

    def screen(self, name: str) -> tuple[ScreeningHit, ...]:
        """Refuse."""
        del name
        raise ProviderUnavailableError("screening", "none is configured")


def in_memory_providers() -> Providers:
    """Return fresh providers that keep everything to themselves."""
    return Providers(
        sms=InMemorySms(),
        mail=InMemoryMail(),
        places=ListedPlaces(),
        bank=InMemoryBank(),
        screening=ListScreening(),
        documents=PreparedReading(),
    )
