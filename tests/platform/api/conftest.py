"""People and machines that ask the API, each with a client of its own."""

import json

import pytest

from tests.platform.conftest import add_user
from tests.platform.seed import EMPTY_MERCHANT, MERCHANT
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.sealing import DataKey

OWN = MERCHANT.merchant_id
OTHER = EMPTY_MERCHANT.merchant_id
V1 = "/api/v1"


@pytest.fixture(autouse=True)
def _sealing():
    """Give this platform a data key, as set-up does."""
    from django.test import override_settings

    with override_settings(TONGBAO_DATA_KEY=DataKey(KeyBytes(bytes(range(32))))):
        yield


@pytest.fixture(autouse=True)
def _full_buckets():
    """Let no test use up what another may ask."""
    from tongbao.platform.api.rates import BUCKETS

    BUCKETS.empty()


def member(name, role="owner", merchant_id=OWN, permissions=()):
    """A person with one role at one merchant."""
    user = add_user(name, is_staff=False)
    give(user, role, merchant_id, permissions)
    return user


def give(user, role, merchant_id, permissions=()):
    """Give a person a role at a merchant."""
    from tongbao.platform import clock
    from tongbao.platform.accounts.models import Membership
    from tongbao.platform.ids import new_id

    Membership.objects.create(
        membership_id=new_id("mem"),
        user=user,
        merchant_id=merchant_id,
        role=role,
        permissions=list(permissions),
        since_us=clock.now_us(),
    )


class Caller:
    """Asks the API as one person, one machine or nobody."""

    def __init__(self, user=None, *, key=None, language="en", second_factor=True, **options):
        from django.test import Client

        from tongbao.platform import clock
        from tongbao.platform.accounts.second_factor import mark_second_factor

        self.headers = {"accept-language": language}
        if key is not None:
            self.headers["authorization"] = f"Bearer {key}"
        self.client = Client(SERVER_NAME="localhost", **options)
        if user is not None:
            self.client.force_login(user)
            if second_factor:
                session = self.client.session
                mark_second_factor(session, at_us=clock.now_us())
                session.save()

    def get(self, path, query=None, **headers):
        """Ask for something."""
        return self.client.get(V1 + path, query, headers=self.headers | _named(headers))

    def send(self, method, path, body=None, **headers):
        """Send a body as JSON; None sends none."""
        return self.client.generic(
            method,
            V1 + path,
            b"" if body is None else json.dumps(body).encode(),
            "application/json",
            headers=self.headers | _named(headers),
        )

    def post(self, path, body=None, **headers):
        """Send something new."""
        return self.send("POST", path, {} if body is None else body, **headers)


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def make_key(*scopes, merchant_id=OWN, expires_at_us=None, now_us=None):
    """A key in clear, made by the system."""
    from tongbao.platform import clock
    from tongbao.platform.access.actor import SYSTEM
    from tongbao.platform.access.permissions import Permission
    from tongbao.platform.api import keys

    made = keys.make_key(
        SYSTEM,
        merchant_id,
        name="till software",
        scopes=[Permission(scope) for scope in scopes],
        expires_at_us=expires_at_us,
        now_us=clock.now_us() if now_us is None else now_us,
    )
    return made.text


def denials():
    """The refusals in the audit log, oldest first."""
    from tongbao.platform.audit.models import AuditEntry

    return list(
        AuditEntry.objects.filter(outcome="denied")
        .order_by("entry_id")
        .values_list("operation", "merchant_id", "detail")
    )
