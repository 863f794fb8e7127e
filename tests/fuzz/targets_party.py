"""Targets that are a whole party's ear: host, terminal and the sandbox's issuer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.target import BrokenPropertyError, Outcome, Run, Target, require
from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, TERMINAL, ScriptedIssuer, ScriptedTerminal, host_keys
from tests.sandbox.acquirer import NOW, zone_keys
from tests.terminal.rig import TEN_O_CLOCK, Rig
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.secrets import KeyBytes
from tongbao.host.core.core import HostCore
from tongbao.host.core.events import (
    Effect,
    Event,
    Persist,
    SendToTerminal,
    SendUpstream,
    TerminalFrame,
    UpstreamFrame,
    UpstreamUp,
)
from tongbao.host.loading import LOADS, load
from tongbao.host.records import TerminalRecord
from tongbao.host.settings import HostSettings
from tongbao.sandbox.issuer.core.events import (
    FrameArrived,
    Recall,
    Refused,
    Reply,
    RequestRecalled,
)
from tongbao.sandbox.issuer.core.issuer import IssuerCore, IssuerRules
from tongbao.sandbox.issuer.core.standing import NOBODY, Recollection
from tongbao.sandbox.issuer.core.state import IssuerState
from tongbao.sandbox.issuer.install import load_state
from tongbao.sandbox.issuer.pump import IssuerPump
from tongbao.sandbox.issuer.store import IssuerStore
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.vocabulary import TimerKind
from tongbao.terminal.slip import slip_to_escpos
from tongbao.wire.escpos.parser import parse_job
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.table import UNIONPAY

_WITH_MAC = 0x80


class HostBench:
    """A host core of its own for each input, over what one sign-in, a sale and a hold have left."""

    def __init__(self) -> None:
        self.keys = host_keys()
        self.settings = HostSettings(
            tls=False, key_file=Path("unused"), master_key_file=Path("unused")
        )
        self.terminal = ScriptedTerminal()
        self.store = MemoryStore(TerminalRecord(TERMINAL, MERCHANT, 1, True, True, "5411"))
        core = self.new_core()
        said = self.talk(core, TerminalFrame(1, self.terminal.sign_in()[2:]), keep=True)
        (reply,) = (one for one in said if isinstance(one, SendToTerminal))
        self.terminal.accept_sign_in(reply.data)
        core.step(UpstreamUp(), NOW)
        self._approve(core, self.terminal.sale(3)[2:])
        hold: dict[int, object] = {3: "030000", 25: "06", 60: "10000001000501"}
        self._approve(core, _as_mti("0100", self.terminal, self.terminal.sale(4, change=hold)))
        self.sale = self.terminal.sale(7)[2:]

    def _approve(self, core: HostCore, frame: bytes) -> None:
        issuer = ScriptedIssuer()
        for effect in self.talk(core, TerminalFrame(1, frame), keep=True):
            if isinstance(effect, SendUpstream):
                answer = issuer.answer(issuer.read(effect.data))
                self.talk(core, UpstreamFrame(answer), keep=True)

    def new_core(self) -> HostCore:
        return HostCore(self.settings, self.keys, lambda count: b"\x5a\xa5\x3c\xc3" * (count // 4))

    def selling_core(self) -> tuple[HostCore, list[Effect]]:
        """A core with the issuer's line up and, as trace 7, a sale that waits for its answer."""
        core = self.new_core()
        core.step(UpstreamUp(), NOW)
        return core, self.talk(core, TerminalFrame(7, self.sale))

    def talk(self, core: HostCore, event: Event, *, keep: bool = False) -> list[Effect]:
        """Step an event and answer what the core asks its store, as the shell would."""
        said: list[Effect] = []
        waiting: list[Event] = [event]
        for _ in range(8):
            effects = [effect for event in waiting for effect in core.step(event, NOW)]
            if keep:
                self.store.commit([one.record for one in effects if isinstance(one, Persist)])
            loads = [one for one in effects if isinstance(one, LOADS)]
            said += [one for one in effects if not isinstance(one, LOADS)]
            if not loads:
                return said
            waiting = load(self.store, loads)
        raise BrokenPropertyError("a core asks its store a few times at most")

    def run(self, data: bytes) -> Outcome:
        """Layout: 1 byte mode; a terminal's frame, or with mode bit 1 the issuer's message."""
        if not data:
            return Outcome("nothing")
        mode, frame = data[0], data[1:]
        core = self.selling_core()[0] if mode & 3 else self.new_core()
        if mode & 1:
            if mode & _WITH_MAC:
                frame += self.keys.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, frame)
            return Outcome("issuer: " + _kinds(core.step(UpstreamFrame(frame), NOW)))
        if mode & _WITH_MAC:
            mak = KeyName("work/mak")
            frame += self.terminal.keys.mac(mak, MacAlgorithm.UNIONPAY_ECB, frame[11:])
        effects = self.talk(core, TerminalFrame(7, frame))
        for effect in effects:
            if isinstance(effect, SendToTerminal):
                require(effect.connection == 7, "an answer goes to who asked")
                reply = UNIONPAY.decode(effect.data[13:])
                return Outcome(f"answered {reply.mti[2]} {reply.fields.get(39)}", reply.mti)
        return Outcome("terminal: " + _kinds(effects))

    def answers(self) -> dict[str, bytes]:
        """The issuer's answers to the sale that waits, without their MAC."""
        sent = next(one for one in self.selling_core()[1] if isinstance(one, SendUpstream))
        issuer = ScriptedIssuer()
        request = issuer.read(sent.data)
        codes = {"approved": "00", "declined": "51", "in_doubt": "98", "unknown_code": "ZZ"}
        found = {name: issuer.answer(request, code)[:-8] for name, code in codes.items()}
        request.mti = "0420"
        return found | {"reversed": issuer.answer(request, "00")[:-8]}


def _as_mti(mti: str, terminal: ScriptedTerminal, frame: bytes) -> bytes:
    """The same request under another message type, without its length."""
    fields = dict(UNIONPAY.decode(frame[13:]).fields)
    del fields[64]
    return terminal.frame(mti, fields, mac=True)[2:]


def _kinds(effects: Sequence[object]) -> str:
    return " ".join(sorted({type(effect).__name__ for effect in effects})) or "silence"


def _host_seeds() -> dict[str, bytes]:
    found = {}
    terminal = ScriptedTerminal()
    terminal.keys.import_key(KeyName("work/mak"), KeyBytes(b"\x66" * 16), KeyAlgorithm.TDES)
    terminal.keys.import_key(KeyName("work/pik"), KeyBytes(b"\x77" * 16), KeyAlgorithm.TDES)
    signed = bytes((_WITH_MAC,))
    found["sign_in"] = b"\0" + terminal.sign_in()[2:]
    found["sale"] = signed + terminal.sale(7)[2:-8]
    found["sale_repeated"] = bytes((_WITH_MAC | 2,)) + terminal.sale(7)[2:-8]
    found["sale_on_line"] = bytes((_WITH_MAC | 2,)) + terminal.sale(8)[2:-8]
    found["reversal_of_pending"] = bytes((_WITH_MAC | 2,)) + terminal.reversal(7)[2:-8]
    found["sale_without_pin"] = signed + terminal.sale(8, pin=None)[2:-8]
    found["reversal"] = signed + terminal.reversal(7)[2:-8]
    found["sale_with_wrong_mac"] = b"\0" + terminal.sale(9)[2:]
    for mti in ("0100", "0220", "0320", "0500", "0620", "0820"):
        message = {11: "000009", 41: TERMINAL, 42: MERCHANT, 60: "00000001201"}
        found[f"other_{mti}"] = signed + terminal.frame(mti, message, mac=True)[2:-8]
    for name, body in HostBench().answers().items():
        found[f"issuer_{name}"] = bytes((_WITH_MAC | 1,)) + body
    for name, body in seeds.network_replies().items():
        found[f"issuer_stray_{name}"] = bytes((_WITH_MAC | 1,)) + body[:-8]
    for name, body in seeds.bodies().items():
        if body[1] & 0x10 == 0:
            message = UNIONPAY.decode(body)
            message.fields |= {41: TERMINAL, 42: MERCHANT, 64: b"00000000"}
            found[f"published_{name}"] = signed + seeds.ENVELOPE + UNIONPAY.encode(message)[:-8]
    return found


def _waits() -> dict[str, Rig]:
    """Terminals that wait for an answer of each kind, each with its own keys."""
    found = {
        "sign_in": Rig().switch_on().log_in(),
        "sale": Rig().ready().sell(),
        "reversal": Rig().ready().sell(),
        "idle": Rig().ready(),
        "balance": Rig().ready().pay("balance"),
        "void": Rig().ready(),
        "refund": Rig().ready().pay("refund", amount=5_000, rrn="112000000077", date="1120"),
        "repeated_refund": Rig().ready(),
        "pre_authorisation": Rig().ready().pay("pre_authorisation", amount=10_000),
        "completion": Rig().ready(),
        "offline_sale": Rig().ready().pay("offline_sale", amount=7_000, auth_code="TEL123"),
    }
    found["reversal"].fire(TimerKind.HOST)
    sale = found["void"].settle("sale", amount=10_000)
    found["void"].pay("void", "p-2", trace=sale.intent.trace)
    doubtful = found["repeated_refund"]
    doubtful.pay("refund", amount=5_000, rrn="112000000077", date="1120").fire(TimerKind.HOST)
    found["completion"].settle("pre_authorisation", amount=10_000)
    found["completion"].pay("completion", "p-2", amount=9_000, auth_code="012345", date="1121")
    return found


def _prepare_terminal() -> Run:
    """The terminal's core in each of the waits; states are values, so reused."""
    names, rigs = zip(*_waits().items(), strict=True)
    mak = KeyName("work/mak")

    def run(data: bytes) -> Outcome:
        """Layout: 1 byte which wait and whether to add a right MAC, then the host's frame."""
        if not data:
            return Outcome("nothing")
        which = (data[0] & 0x7F) % len(rigs)
        rig, frame = rigs[which], data[1:]
        if data[0] & _WITH_MAC and which:
            frame += rig.keys.mac(mak, MacAlgorithm.UNIONPAY_ECB, frame[11:])
        state, effects = rig.core.step(rig.state, ev.FrameReceived(frame), TEN_O_CLOCK)
        for effect in effects:
            if isinstance(effect, fx.Print):
                parse_job(slip_to_escpos(effect.slip))
        return Outcome(f"{names[which]} {state.phase.value}: {_kinds(effects)}")

    return run


def _terminal_seeds() -> dict[str, bytes]:
    found = {}
    for which, (name, rig) in enumerate(_waits().items()):
        right = rig.host.answer(rig.outbox[-1].frame)
        if which:
            found[name] = bytes((which | _WITH_MAC,)) + right[:-8]
            found[f"{name}_declined"] = bytes((which | _WITH_MAC,)) + _declined(right)[:-8]
            found[f"{name}_wrong_mac"] = bytes((which,)) + right[:-8] + b"00000000"
        else:
            found[name] = b"\0" + right
    for name, body in seeds.bodies().items():
        if body[1] & 0x10:
            found[f"published_{name}"] = b"\1" + seeds.ENVELOPE + body
    return found


def _declined(frame: bytes) -> bytes:
    message = UNIONPAY.decode(frame[11:])
    message.fields[39] = "51"
    return frame[:11] + UNIONPAY.encode(message)


def _prepare_issuer() -> Run:
    keys = zone_keys()
    with tempfile.TemporaryDirectory(prefix="tongbao-fuzz-issuer-") as folder:
        store = IssuerStore.open(Path(folder) / "issuer.sqlite3")
        fresh = load_state(store, keys, NOW)
        pump = IssuerPump(IssuerCore(keys, fresh, IssuerRules(0)), store)
        for body in seeds.booked().values():
            pump.run([FrameArrived(1, body)], NOW)
        known = store.recall([NETWORK.decode(one).text(37) for one in seeds.booked().values()])
        store.close()

    def run(data: bytes) -> Outcome:
        """Layout: 1 byte whether to add a right MAC, then the message."""
        if not data:
            return Outcome("nothing")
        body = data[1:]
        if data[0] & _WITH_MAC:
            body += keys.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, body)
        # The drawer's cards after what is booked, and no wrong PIN yet.
        state = IssuerState(dict(fresh.cards), dict(fresh.balances))
        for rrn, hold in fresh.holds.items():
            state.open_hold(rrn, hold)
        core = IssuerCore(keys, state, IssuerRules(0))
        effects = core.step(FrameArrived(1, body), NOW)
        recollection = Recollection(known)
        for effect in list(effects):
            if isinstance(effect, Recall):
                about = effect.family_of
                family = NOBODY if about is None else recollection.family(about)
                remembered = recollection.of(effect.rrn)
                effects += core.step(RequestRecalled(effect, remembered, family), NOW)
        require(sum(state.balances.values()) == 0, "money is moved and never made")
        for effect in effects:
            if isinstance(effect, Reply):
                reply = NETWORK.decode(effect.body)
                return Outcome(f"answered {reply.mti} {reply.fields[39]}")
        reasons = [one.reason for one in effects if isinstance(one, Refused)]
        return Outcome(_kinds(effects), " ".join(reasons))

    return run


def _issuer_seeds() -> dict[str, bytes]:
    found = {f"{name}_wrong_mac": b"\0" + body for name, body in seeds.network_bodies().items()}
    signed = bytes((_WITH_MAC,))
    return found | {name: signed + body[:-8] for name, body in seeds.network_bodies().items()}


TARGETS = (
    Target(
        "host_frames",
        "the host's core reads terminals' frames and the issuer's answers, MAC right or wrong",
        lambda: HostBench().run,
        _host_seeds,
        fixed_ms=5,
    ),
    Target(
        "terminal_frames",
        "the terminal's core reads answers while it waits for one, and prints what they bring",
        _prepare_terminal,
        _terminal_seeds,
        fixed_ms=10,
    ),
    Target(
        "issuer_frames",
        "the sandbox issuer's core reads requests, MAC right or wrong",
        _prepare_issuer,
        _issuer_seeds,
        fixed_ms=1,
    ),
)
