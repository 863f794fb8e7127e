"""The API keeps to its description; `scripts/api_campaign.py` asks 2,000 times for each."""

from tests.platform.api.conformance import campaign_settings, run_campaign
from tests.platform.api.world import populate, session_of


def test_a_few_examples_of_every_operation_find_nothing(django_sqlite):
    from django.test import override_settings

    owner, known = populate(django_sqlite)
    with override_settings(**campaign_settings()):
        found = run_campaign(4, seed_number=1, identity=lambda: session_of(owner), known=known)
    assert found.findings == []
    assert found.operations >= 80
    assert found.examples >= found.operations
