"""Sign-in with each key layout and MAC that a profile can ask for."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import ask
from tests.host.memory_store import MemoryStore
from tests.host.parties import TERMINAL, TMK, ScriptedTerminal
from tests.host.test_downloads import management
from tests.host.world import World, settings
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.wire.unionpay.profile import HostProfile

TDES, SM4 = KeyAlgorithm.TDES, KeyAlgorithm.SM4


def signed_in(world: World, code: str, algorithm: KeyAlgorithm = TDES) -> ScriptedTerminal:
    """A terminal of the host's profile that has just signed in with this code."""
    terminal = ScriptedTerminal(profile=world.settings.profile)
    for store, name in ((terminal.keys, "tmk"), (world.keys, f"tmk/{TERMINAL}")):
        store.import_key(KeyName(name), TMK, algorithm)
    world.send(terminal.sign_in(code=code))
    terminal.accept_sign_in(world.sent())
    return terminal


def host(**profile: object) -> World:
    return World(host=settings(profile=HostProfile(**profile)))


@pytest.mark.parametrize(
    ("code", "algorithm", "profile", "mac"),
    [
        ("001", TDES, {}, MacAlgorithm.UNIONPAY_ECB),
        ("003", TDES, {}, MacAlgorithm.UNIONPAY_ECB),
        ("004", TDES, {}, MacAlgorithm.UNIONPAY_ECB),
        ("006", SM4, {}, MacAlgorithm.UNIONPAY_ECB_SM4),
        ("003", TDES, {"mak_check_value_offset": 28}, MacAlgorithm.UNIONPAY_ECB),
        ("004", TDES, {"mak_check_value_offset": 28}, MacAlgorithm.UNIONPAY_ECB),
        ("006", SM4, {"mak_check_value_offset": 28}, MacAlgorithm.UNIONPAY_ECB_SM4),
        ("001", TDES, {"mac_algorithm": "x9_9"}, MacAlgorithm.X9_9),
        ("003", TDES, {"mac_algorithm": "x9_9"}, MacAlgorithm.X9_9),
        ("003", TDES, {"mac_algorithm": "x9_19"}, MacAlgorithm.X9_19),
        ("004", TDES, {"mac_algorithm": "x9_19"}, MacAlgorithm.X9_19),
    ],
)
def test_every_message_after_a_sign_in_has_the_mac_of_profile_and_key(
    code: str,
    algorithm: KeyAlgorithm,
    profile: dict[str, object],
    mac: MacAlgorithm,
) -> None:
    world = host(**profile)
    terminal = signed_in(world, code, algorithm)
    assert terminal.mac_algorithm is mac
    session = world.core.state.terminals[TERMINAL].session
    assert session is not None
    assert session.mac_algorithm is mac
    assert (session.tdk is not None) == (code in ("004", "006"))
    reversal = terminal.reversal(7)
    assert ask(world, reversal, terminal).fields[39] == "25"
    # The session is the same after a start, and so is its MAC.
    world.restart()
    reply = ask(world, terminal.reversal(8), terminal)
    assert (reply.fields[39], 64 in reply.fields) == ("25", True)


def test_the_check_value_of_a_short_mak_stands_where_the_profile_says() -> None:
    blocks = {}
    for offset in (36, 28):
        world = host(mak_check_value_offset=offset, mac_algorithm="x9_9")
        world.send(ScriptedTerminal().sign_in())
        blocks[offset] = ScriptedTerminal().read(world.sent()).binary(62)
        check = world.keys.kcv(KeyName(f"session/{TERMINAL}/mak"))
        assert blocks[offset][offset : offset + 4] == check
    assert not any(blocks[36][28:36])
    assert not any(blocks[28][32:40])


@pytest.mark.parametrize(
    ("code", "algorithm", "profile"),
    [
        ("001", TDES, {"mac_algorithm": "x9_19"}),
        ("006", SM4, {"mac_algorithm": "x9_9"}),
        ("006", TDES, {}),
        ("003", SM4, {}),
    ],
)
def test_a_sign_in_whose_keys_could_not_be_used_is_refused(
    code: str, algorithm: KeyAlgorithm, profile: dict[str, object]
) -> None:
    world = host(**profile)
    world.keys.import_key(KeyName(f"tmk/{TERMINAL}"), TMK, algorithm)
    reply = ask(world, ScriptedTerminal().sign_in(code=code))
    assert reply.fields[39] == "40"
    assert 62 not in reply.fields
    store = world.store
    assert isinstance(store, MemoryStore)
    assert store.sessions == []


@pytest.mark.parametrize("word", ["x9_19", "x9_9"])
def test_a_stored_session_that_a_new_profile_cannot_use_asks_for_a_new_sign_in(word: str) -> None:
    world = host()
    terminal = signed_in(world, *(("006", SM4) if word == "x9_9" else ("001", TDES)))
    world.settings = settings(profile=HostProfile(mac_algorithm=word))
    world.restart()
    assert ask(world, terminal.reversal(7), terminal).fields[39] == "A0"
    assert world.core.state.counters["sessions_unreadable"] > 0


def test_a_cashier_sign_in_is_answered() -> None:
    reply = ask(World(), management("401", None, "0820"))
    assert (reply.mti, reply.fields[39]) == ("0830", "00")
    assert sorted(reply.fields) == [12, 13, 37, 39, 41, 42, 60]
