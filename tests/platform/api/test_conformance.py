"""The API keeps to its description; `scripts/api_campaign.py` asks 2,000 times for each."""

from tests.platform.api.conformance import Campaign, Report, campaign_settings
from tests.platform.api.world import asker_of, populate, stand_in


def test_a_few_examples_of_every_operation_find_nothing(django_sqlite, tmp_path):
    from django.test import override_settings

    found = Report()
    with override_settings(**campaign_settings()), stand_in(tmp_path) as others:
        campaign = Campaign(asker_of(populate(django_sqlite, others)))
        for name in campaign.operations:
            found.add(campaign.nobody(name))
            for mode in campaign.stretches(name):
                found.add(campaign.ask(name, mode, 2, seed_number=1))
    assert found.findings == []
    assert len(campaign.operations) >= 80
    assert found.examples >= len(campaign.operations)
