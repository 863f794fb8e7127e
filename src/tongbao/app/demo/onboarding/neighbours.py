"""What the stranger reads off the sandbox's pages: text messages, the account, the papers."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tongbao.app.demo.onboarding.browser import StoryError

_TIMEOUT_S: Final = 10.0
_PATIENCE_S: Final = 20.0
_POLL_S: Final = 0.1
_CODE: Final = re.compile(r'<p class="code">([0-9]{4,8})</p>')
_REMARK: Final = re.compile(r'<span class="remark">([^<]+)</span>')


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The sandbox's pages at `url`, as a person looks at them."""

    url: str

    def newest_code(self, phone: str, seen: str = "") -> str:
        """Return the newest code on this phone that is not `seen`; StoryError when none comes."""
        return self._wait(f"/phones?number={quote(phone)}", _CODE, seen, f"a code on {phone}")

    def newest_remark(self, account_number: str) -> str:
        """Return the remark of the newest deposit on this account."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            for block in self._page("/bank").split("<article>"):
                found = _REMARK.search(block)
                if account_number in block and found is not None:
                    return found[1]
            time.sleep(_POLL_S)
        raise StoryError("no deposit arrived on the account")

    def paper(self, person: str, kind: str) -> bytes:
        """Return the picture of a paper of this made-up person."""
        return self._bytes(f"/people/{person}/{kind}.png")

    def swipe(self, card_id: str, reader: str) -> str:
        """Swipe a card of the drawer through a reader, and return the PIN that its holder knows."""
        cards = {card["id"]: card for card in json.loads(self._bytes("/drawer"))["cards"]}
        told = json.loads(self._bytes(f"/drawer/{card_id}/swipe", {"reader": reader}))
        if not told["ok"]:
            raise StoryError(f"the card was not taken: {told['error']['en']}")
        return str(cards[card_id]["pin_hint"])

    def _wait(self, path: str, wanted: re.Pattern[str], seen: str, what: str) -> str:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            found = wanted.search(self._page(path))
            if found is not None and found[1] != seen:
                return found[1]
            time.sleep(_POLL_S)
        raise StoryError(f"waited in vain for {what}")

    def _page(self, path: str) -> str:
        return self._bytes(path).decode("utf-8", "replace")

    def _bytes(self, path: str, body: dict[str, str] | None = None) -> bytes:
        """GET the path, or POST the body to it."""
        data = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json", "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, data, kind if data else {})  # noqa: S310 - our own sandbox, http only
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as above
                content: bytes = answer.read()
        except OSError as error:
            raise StoryError(f"{path}: {error}") from error
        return content
