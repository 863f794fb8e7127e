"""All fuzz targets by name."""

from __future__ import annotations

from tests.fuzz import targets_codec, targets_message, targets_party

TARGETS = {
    target.name: target
    for target in (*targets_codec.TARGETS, *targets_message.TARGETS, *targets_party.TARGETS)
}
