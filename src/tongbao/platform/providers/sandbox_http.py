"""The sandbox's text messages, mail, bank, name lists and places, over HTTP with JSON bodies.

A real provider's adapter has the same shape: build the request, ask with a time limit, map each
answer to the port's own values, and take anything unknown for "could not be asked".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tongbao.platform.providers.ports import (
    AccountClaim,
    AccountVerdict,
    MailMessage,
    Place,
    ProviderUnavailableError,
    ScreeningHit,
    TextMessage,
)

_ANSWER_MAX_BYTES = 65_536
_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxProviders:
    """All ports that the sandbox answers, at one address; `timeout_s` bounds each question."""

    url: str
    timeout_s: float = 5.0

    def send(self, message: TextMessage) -> None:
        """Hand a text message to the sandbox's phones."""
        self._ask("sms", "/gateway/sms", {"to": message.to, "text": message.text})

    def deliver(self, message: MailMessage) -> None:
        """Hand a letter to the sandbox's mailboxes."""
        body = {"to": message.to, "subject": message.subject, "text": message.text}
        self._ask("mail", "/gateway/mail", body)

    def place_of(self, address: str) -> Place | None:
        """Ask the sandbox where an address is."""
        found = self._ask("places", "/gateway/places", {"address": address}).get("place")
        if found is None:
            return None
        try:
            return Place(zh=str(found["zh"])[:64], en=str(found["en"])[:64])
        except (KeyError, TypeError):
            raise ProviderUnavailableError("places", "the answer is no place") from None

    def verify(self, claim: AccountClaim) -> AccountVerdict:
        """Ask the sandbox's bank about a name and a number."""
        answer = self._ask("bank", "/bank/verify", _claim(claim))
        try:
            return AccountVerdict(answer.get("verdict", ""))
        except ValueError:
            raise ProviderUnavailableError("bank", "the answer is of no known kind") from None

    def send_one_fen(self, claim: AccountClaim, *, remark: str, reference: str) -> str:
        """Have the sandbox's bank book one fen."""
        body = {**_claim(claim), "remark": remark, "reference": reference}
        deposit_id = self._ask("bank", "/bank/one-fen", body).get("deposit_id")
        if not isinstance(deposit_id, str) or not deposit_id:
            raise ProviderUnavailableError("bank", "the answer names no deposit")
        return deposit_id[:64]

    def screen(self, name: str) -> tuple[ScreeningHit, ...]:
        """Ask the sandbox's name lists."""
        answer = self._ask("screening", "/gateway/screening", {"name": name})
        try:
            return tuple(
                ScreeningHit(
                    listed_name=str(hit["listed_name"]),
                    list_name=str(hit["list_name"]),
                    likeness_percent=int(hit["likeness_percent"]),
                )
                for hit in answer["hits"]
            )
        except (KeyError, TypeError, ValueError):
            raise ProviderUnavailableError("screening", "the answer is not a list") from None

    def _ask(self, provider: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or not parts.hostname:
            raise ProviderUnavailableError(provider, "its address is not http://HOST:PORT")
        connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=self.timeout_s)
        try:
            content = json.dumps(body).encode()
            connection.request("POST", path, content, {"Content-Type": "application/json"})
            response = connection.getresponse()
            document = json.loads(response.read(_ANSWER_MAX_BYTES))
        except (OSError, HTTPException, ValueError):
            raise ProviderUnavailableError(provider, "no usable answer") from None
        finally:
            connection.close()
        if response.status not in _OK or not isinstance(document, dict):
            raise ProviderUnavailableError(provider, f"answered {response.status}")
        return document


def _claim(claim: AccountClaim) -> dict[str, Any]:
    return {"holder": claim.holder, "number": claim.number, "bank": claim.bank}
