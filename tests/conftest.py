"""Settings of all tests."""

from __future__ import annotations

from hypothesis import settings

# A busy machine must not fail a property: how long something takes is the benchmark's business.
settings.register_profile("tongbao", deadline=None)
settings.load_profile("tongbao")
