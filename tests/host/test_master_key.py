"""A terminal's new master key over the line: offered, confirmed, and current only then."""

from __future__ import annotations

from functools import cache

import pytest

from tests.host.batch_messages import ask, records
from tests.host.memory_store import MemoryStore
from tests.host.parties import TERMINAL, TMK, ScriptedTerminal
from tests.host.test_downloads import management
from tests.host.world import World, register, settings
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.rsa_transport import new_private_key
from tongbao.domain.secrets import PrivateKeyBytes
from tongbao.host.core.master_keys import RSA_KEY, next_key_name
from tongbao.host.records import OrderDoneRecord, TerminalOrder
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.structured import (
    RsaTransportKey,
    WrappedMasterKey,
    WrappedTransportKey,
)

CURRENT, NEXT = KeyName(f"tmk/{TERMINAL}"), next_key_name(TERMINAL)
TRANSPORT = KeyName("transport")


@cache
def rsa_key() -> PrivateKeyBytes:
    """One for all tests: making one takes a while."""
    return new_private_key()


def world(*, allowed: bool = True, act: str = "", rsa: bool = True) -> World:
    store = MemoryStore(register())
    if act:
        store.orders = [(TERMINAL, TerminalOrder(1, act))]
    made = World(store, host=settings(remote_master_key=allowed))
    if rsa:
        made.keys.import_key(RSA_KEY, rsa_key(), KeyAlgorithm.RSA)
    return made


class Fetching:
    """The terminal's side of the download."""

    def __init__(
        self, host: World, algorithm: KeyAlgorithm = KeyAlgorithm.TDES, seed: int = 100
    ) -> None:
        self.host = host
        self.algorithm = algorithm
        self.seed = seed
        self.terminal = ScriptedTerminal()

    def rsa(self) -> RsaTransportKey:
        reply = ask(self.host, management("352"))
        assert reply.fields[39] == "00"
        return RsaTransportKey.parse(reply.binary(62))

    def random_bytes(self, count: int) -> bytes:
        return bytes(range(self.seed, self.seed + count))

    def asked(self) -> bytes:
        """Field 62 of a 350 with a transport key."""
        public = self.rsa()
        ciphertext, check = self.terminal.keys.make_transport_key(
            public.modulus, public.exponent, TRANSPORT, self.random_bytes, self.algorithm
        )
        return WrappedTransportKey(ciphertext, check).build()

    def offer(self, field62: bytes | None = None) -> Message:
        return ask(self.host, management("350", field62 or self.asked()))

    def load(self, reply: Message) -> bytes:
        """Load the key of a 350's answer; return its check value."""
        assert reply.fields[39] == "00"
        wrapped = WrappedMasterKey.parse(reply.binary(62))
        tmk = KeyName("tmk")
        self.terminal.keys.load_master_key(TRANSPORT, wrapped.cryptogram, wrapped.check, tmk)
        return self.terminal.keys.kcv(tmk)

    def confirm(self, check: bytes | None = None) -> Message:
        field62 = None if check is None else b"\xdf\x24\x04" + check
        return ask(self.host, management("351", field62))


def old_kcv() -> bytes:
    return ScriptedTerminal().keys.kcv(KeyName("tmk"))


@pytest.mark.parametrize("with_check", [True, False])
def test_a_terminal_signs_in_under_its_new_key_after_confirming_it(with_check: bool) -> None:
    host = world()
    fetching = Fetching(host)
    reply = fetching.offer()
    assert sorted(reply.fields) == [12, 13, 37, 39, 41, 42, 60, 62]
    check = fetching.load(reply)
    assert host.keys.kcv(CURRENT) == old_kcv() != check
    assert fetching.confirm(check if with_check else None).fields[39] == "00"
    assert host.keys.kcv(CURRENT) == check
    assert not host.keys.has(NEXT)
    host.send(fetching.terminal.sign_in())
    fetching.terminal.accept_sign_in(host.sent())
    host.send(fetching.terminal.sale(2))
    assert host.asked().fields[41] == TERMINAL


def test_until_it_is_confirmed_the_old_key_counts() -> None:
    host = world()
    fetching = Fetching(host)
    fetching.load(fetching.offer())
    terminal = host.signed_in()
    host.send(terminal.sale(2))
    assert host.asked().fields[41] == TERMINAL


def test_the_confirmation_ends_the_sessions_under_the_old_key() -> None:
    host = world()
    terminal = host.signed_in()
    fetching = Fetching(host)
    check = fetching.load(fetching.offer())
    host.send(terminal.sale(2))
    host.answer(host.asked())
    assert terminal.read(host.sent()).fields[39] == "00"
    assert fetching.confirm(check).fields[39] == "00"
    reply = ask(host, terminal.sale(3), terminal)
    assert reply.fields[39] == "A0"
    store = host.store
    assert isinstance(store, MemoryStore)
    assert store.sessions[-1].key_block == b""
    assert {key.stan for key in store.payments} == {2}


def test_no_clear_or_transport_key_is_left_behind() -> None:
    host = world()
    fetching = Fetching(host)
    reply = fetching.offer()
    check = fetching.load(reply)
    fetching.confirm(check)
    assert sorted(name for name in host.keys.names() if "transport" in name) == ["rsa/transport"]
    assert host.keys.kcv(CURRENT) not in reply.binary(62)[: -len(check)]


def test_a_copy_of_the_request_gets_the_same_key() -> None:
    host = world()
    fetching = Fetching(host)
    asked = fetching.asked()
    first, second = fetching.offer(asked), fetching.offer(asked)
    assert first.fields[62] == second.fields[62]
    assert fetching.confirm(fetching.load(first)).fields[39] == "00"


def test_a_new_request_makes_a_new_key_and_the_one_before_is_gone() -> None:
    host = world()
    early, late = Fetching(host), Fetching(host, seed=50)
    first = early.offer()
    second = late.offer()
    assert first.fields[62] != second.fields[62]
    assert early.confirm(early.load(first)).fields[39] == "A7"
    assert host.keys.kcv(CURRENT) == old_kcv()
    assert late.confirm(late.load(second)).fields[39] == "00"


def test_a_repeated_confirmation_is_answered_alike_even_after_a_start() -> None:
    host = world()
    fetching = Fetching(host)
    check = fetching.load(fetching.offer())
    for _ in range(2):
        assert fetching.confirm(check).fields[39] == "00"
        host.core = type(host.core)(host.settings, host.keys, host.random_bytes)
        host.pump._core = host.core
    assert host.keys.kcv(CURRENT) == check


@pytest.mark.parametrize("check", [None, b"\0\0\0\0"])
def test_a_confirmation_of_nothing_changes_nothing(check: bytes | None) -> None:
    host = world()
    terminal = host.signed_in()
    assert Fetching(host).confirm(check).fields[39] == "25"
    assert host.keys.kcv(CURRENT) == old_kcv()
    host.send(terminal.sale(2))
    assert host.asked().fields[41] == TERMINAL


@pytest.mark.parametrize(
    ("field62", "code"),
    [
        (b"", "30"),
        (b"\xdf\x24", "30"),
        (WrappedTransportKey(bytes(256), bytes(4)).build(), "A7"),
        (WrappedTransportKey(bytes(10), bytes(4)).build(), "A7"),
    ],
)
def test_a_transport_key_that_cannot_be_opened_gives_no_key(field62: bytes, code: str) -> None:
    host = world()
    reply = ask(host, management("350", field62))
    assert reply.fields[39] == code
    assert 62 not in reply.fields
    assert not host.keys.has(NEXT)
    assert host.keys.kcv(CURRENT) == old_kcv()


def test_a_transport_key_with_a_wrong_check_value_gives_no_key() -> None:
    host = world()
    fetching = Fetching(host)
    asked = bytearray(fetching.asked())
    asked[3] ^= 1
    assert fetching.offer(bytes(asked)).fields[39] == "A7"
    assert not host.keys.has(NEXT)


@pytest.mark.parametrize("code", ["352", "350"])
@pytest.mark.parametrize("act", ["", "4"])
def test_a_terminal_without_permission_gets_nothing(code: str, act: str) -> None:
    asked = Fetching(world()).asked()
    host = world(allowed=False, act=act)
    reply = ask(host, management(code, asked))
    assert reply.fields[39] == "58"
    assert 62 not in reply.fields
    assert not host.keys.has(NEXT)


def test_an_order_permits_it_once() -> None:
    host = world(allowed=False, act="9")
    fetching = Fetching(host)
    check = fetching.load(fetching.offer())
    assert fetching.confirm(check).fields[39] == "00"
    assert records(host, OrderDoneRecord) == [OrderDoneRecord(1, host.now_us)]
    assert ask(host, management("352")).fields[39] == "58"
    # A copy of the confirmation needs no permission: it changes nothing.
    assert fetching.confirm(check).fields[39] == "00"


def test_a_host_without_an_rsa_key_does_not_serve_it() -> None:
    host = world(rsa=False)
    for code in ("352", "350"):
        assert ask(host, management(code, b"\xdf\x24")).fields[39] == "40"


def test_an_sm4_terminal_gets_an_sm4_key() -> None:
    host = world()
    host.keys.import_key(CURRENT, TMK, KeyAlgorithm.SM4)
    fetching = Fetching(host, KeyAlgorithm.SM4)
    check = fetching.load(fetching.offer())
    assert fetching.confirm(check).fields[39] == "00"
    assert host.keys.key_algorithm(CURRENT) is KeyAlgorithm.SM4
    host.send(fetching.terminal.sign_in(code="006"))
    reply = fetching.terminal.accept_sign_in(host.sent())
    assert len(reply.binary(62)) == 60
