"""API keys: shown once, kept as a digest, bound to a merchant and its scopes."""

from tests.platform.api.conftest import OTHER, OWN, Caller, denials, make_key, member

KEYS = f"/merchants/{OWN}/api-keys"
NEW = {"name": "till software", "scopes": ["payments_read", "terminals_read"]}


def test_a_key_is_shown_once_and_only_its_digest_is_kept(stories):
    from tongbao.platform.api.models import ApiKey

    owner = Caller(member("hanmei"))
    made = owner.post(KEYS, NEW)
    assert made.status_code == 201
    key = made.json()["key"]
    assert len(key) == 43
    assert key.startswith(made.json()["shown"])
    kept = ApiKey.objects.get()
    assert key not in str(vars(kept))
    assert len(kept.digest) == 64
    listed = owner.get(KEYS).json()
    assert [one["name"] for one in listed["items"]] == ["till software"]
    assert listed["next_cursor"] is None
    assert "key" not in listed["items"][0]
    assert key not in str(listed)


def test_a_key_works_within_its_scopes_and_at_its_merchant_only(stories):
    machine = Caller(key=make_key("payments_read"))
    assert machine.get(KEYS).status_code == 403
    assert machine.get(f"/merchants/{OTHER}/api-keys").status_code == 404
    assert denials() == [
        ("api_key.list", OWN, "forbidden"),
        ("api_key.list", OTHER, "hidden"),
    ]


def test_a_revoked_an_ended_and_an_unknown_key_are_refused_alike(stories):
    from tongbao.platform.api.models import ApiKey

    ended = make_key("payments_read", expires_at_us=1)
    revoked = make_key("payments_read")
    key_id = ApiKey.objects.get(shown=revoked[:11]).key_id
    owner = Caller(member("hanmei"))
    for _again in range(2):
        assert owner.send("DELETE", f"{KEYS}/{key_id}").json()["revoked_at"] is not None
    answers = [Caller(key=key).get(KEYS) for key in (ended, revoked, "tb_" + "a" * 40, "x")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "api_key"
    assert answers[0]["WWW-Authenticate"] == 'Bearer realm="tongbao"'


def test_a_key_with_a_cookie_is_judged_by_the_key(stories):
    caller = Caller(member("hanmei"), key="tb_" + "a" * 40)
    assert caller.get(KEYS).status_code == 401


def test_the_last_use_is_noted_at_most_once_a_minute(stories):
    from tongbao.platform.api.models import ApiKey

    machine = Caller(key=make_key("payments_read"))
    machine.get(KEYS)
    first = ApiKey.objects.get().last_used_at_us
    machine.get(KEYS)
    kept = ApiKey.objects.get()
    assert kept.last_used_at_us == first
    assert kept.last_used_from == "127.0.0.1"


def test_no_key_can_manage_people_keys_contracts_or_the_settlement_account(stories):
    owner = Caller(member("hanmei"))
    for scope in ("staff_manage", "api_keys", "contract_sign", "settlement_account", "keys"):
        answer = owner.post(KEYS, NEW | {"scopes": [scope]})
        assert answer.status_code == 422, scope
        assert answer.json()["fields"][0]["field"] == "scopes"
    assert Caller(key=make_key("api_keys")).post(KEYS, NEW).status_code == 403


def test_a_key_of_another_merchant_cannot_be_revoked(stories):
    from tongbao.platform.api.models import ApiKey

    make_key("payments_read", merchant_id=OTHER)
    key_id = ApiKey.objects.get().key_id
    owner = Caller(member("hanmei"))
    there = owner.send("DELETE", f"{KEYS}/{key_id}")
    nowhere = owner.send("DELETE", f"{KEYS}/key_{'a' * 20}")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.content == nowhere.content
    assert ApiKey.objects.get().revoked_at_us is None


def test_a_person_without_the_right_is_refused_and_it_is_written_down(stories):
    from tongbao.platform.api.models import ApiKey

    accountant = Caller(member("lilei", "accountant"))
    assert accountant.post(KEYS, NEW).status_code == 403
    assert ApiKey.objects.count() == 0
    assert denials() == [("api_key.add", OWN, "forbidden")]


def test_making_a_key_is_in_the_audit_log_without_the_key(stories):
    from tongbao.platform.audit.models import AuditEntry

    key = Caller(member("hanmei")).post(KEYS, NEW).json()["key"]
    entry = AuditEntry.objects.get(operation="api_key.add")
    assert (entry.actor_name, entry.merchant_id, entry.outcome) == ("hanmei", OWN, "done")
    assert key not in entry.after
    assert "terminals_read" in entry.after


def test_a_merchant_has_at_most_twenty_keys_in_force(stories):
    for _one in range(20):
        make_key("payments_read")
    answer = Caller(member("hanmei")).post(KEYS, NEW)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_keys")
