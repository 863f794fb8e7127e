"""Puts the marked cards into the drawer of a process that has this folder on PYTHONPATH.

Python imports `sitecustomize` by itself at its start, before the sandbox reads its drawer.
"""

from __future__ import annotations

from canary import CANARIES  # type: ignore[import-not-found]  # its folder is on PYTHONPATH

from tongbao.sandbox import cards

cards.DRAWER = (*cards.DRAWER, *CANARIES)  # type: ignore[misc]  # the one place that adds cards
cards.CARD_BY_ID.update({card.card_id: card for card in CANARIES})
