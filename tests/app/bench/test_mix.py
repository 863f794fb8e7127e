"""The mixed workload: its shares, its messages, its books and what makes figures worthless."""

import asyncio
import dataclasses
import json
from collections import Counter

import pytest

from tests.app.bench.test_sale import result as sale_result
from tongbao.app.bench import mix
from tongbao.app.bench.durability import DurabilityReport, check_mix_durability
from tongbao.app.bench.mix_report import (
    ActFigures,
    MixReport,
    PaymentsOfTerminal,
    read_mix_report,
)
from tongbao.app.bench.mixed_load import TO_REVERSE, Course, Lane
from tongbao.app.bench.mixed_terminal import Booked, MixedTerminal, Sold
from tongbao.app.bench.plan import SimulatedCard, terminal_master_key, write_json
from tongbao.app.bench.stage import BenchFailedError, BenchOptions, BenchResult
from tongbao.app.bench.standin_issuer import StandInIssuer
from tongbao.app.bench.workload import Act, Workload, shares
from tongbao.app.cli import main
from tongbao.app.commands.bench import describe_mix
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.operation_messages import OperationReply
from tongbao.wire.network.operations import Operation
from tongbao.wire.tlv import parse_tlv
from tongbao.wire.unionpay.framing import DEFAULT_HEADER, DEFAULT_TPDU, pack_frame
from tongbao.wire.unionpay.table import UNIONPAY

TERMINAL = "00000001"
MERCHANT = "200000000000001"
ECB = MacAlgorithm.UNIONPAY_ECB
CARD = SimulatedCard.of_terminal(0, 1)


def test_the_shares_are_the_canonical_ones_without_payments_by_code():
    found = shares()
    assert sum(found.values()) == pytest.approx(1)
    assert found[Act.CHIP_SALE] == pytest.approx(70 / 90)
    assert found[Act.LATE_REVERSAL] == found[Act.REVERSAL] == pytest.approx(1 / 90)


def test_acts_are_drawn_by_their_shares_and_the_same_for_the_same_seed():
    first, second = Workload(10, 1), Workload(10, 1)
    acts = [first.act() for _ in range(20_000)]
    assert acts == [second.act() for _ in range(20_000)]
    counts = Counter(acts)
    for act, share in shares().items():
        assert counts[act] / 20_000 == pytest.approx(share, abs=0.012)


def test_terminals_are_drawn_by_zipf():
    workload = Workload(1_000, 3)
    counts = Counter(workload.terminal() for _ in range(50_000))
    assert set(counts) <= set(range(1_000))
    # The busiest is asked about twice as often as the second, ten times as often as the tenth.
    assert counts[0] / counts[1] == pytest.approx(2**0.99, rel=0.15)
    assert counts[0] / counts[9] == pytest.approx(10**0.99, rel=0.25)


def test_chip_data_is_tlv_of_90_to_130_bytes():
    workload = Workload(1, 1)
    lengths = set()
    for _ in range(500):
        data = workload.chip_data()
        lengths.add(len(data))
        tags = [element.tag for element in parse_tlv(data)]
        assert tags[:2] == ["9F26", "9F27"]
        assert tags[-1] == "9F10"
    assert (min(lengths), max(lengths)) == (90, 130)


class PlayedHost:
    """The other end: answers a terminal's messages with keys of its own."""

    def __init__(self):
        self.keys = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
        self.keys.import_key(
            KeyName(f"tmk/{TERMINAL}"), terminal_master_key(TERMINAL, 1), KeyAlgorithm.TDES
        )
        store = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
        store.import_key(
            KeyName(f"tmk/{TERMINAL}"), terminal_master_key(TERMINAL, 1), KeyAlgorithm.TDES
        )
        self.terminal = MixedTerminal(TERMINAL, MERCHANT, CARD, store)
        self.terminal.signed_in(self.sign_in_answer(self.terminal.sign_in()))

    def sign_in_answer(self, frame):
        request = UNIONPAY.decode(frame[13:])
        field62 = self.keys.make_working_keys(
            KeyName(f"tmk/{TERMINAL}"),
            WorkingKeyLayout.DOUBLE_DES,
            "s",
            lambda size: bytes(range(1, size + 1)),
        )
        fields = {11: request.text(11), 39: "00", 41: TERMINAL, 42: MERCHANT}
        fields |= {60: "00000009003", 62: field62}
        return UNIONPAY.encode(Message("0810", fields))

    def read(self, asked):
        body = asked.frame[13:]
        assert self.keys.verify_mac(KeyName("s/mak"), ECB, body[:-8], body[-8:])
        return UNIONPAY.decode(body)

    def answer(self, asked, **changes):
        fields = self.read(asked).fields
        reply = {n: fields[n] for n in (3, 4, 11, 25, 41, 42, 49, 60) if n in fields}
        reply |= {13: "1121", 37: "632500000017", 38: "204816", 39: "00"}
        reply.update({int(name[1:]): value for name, value in changes.items()})
        body = UNIONPAY.encode_unsigned(Message(asked.reply_mti, reply), 64)
        return body + self.keys.mac(KeyName("s/mak"), ECB, body)


@pytest.fixture
def host():
    return PlayedHost()


def test_a_chip_sale_carries_chip_data_and_pin_and_a_contactless_one_no_pin(host):
    chip = host.read(host.terminal.sale(Act.CHIP_SALE, 500, b"\x9f\x26\x01\x00"))
    assert (chip.mti, chip.text(22), chip.text(4)) == ("0200", "051", "000000000500")
    assert chip.text(60) == "22000009000601"
    assert 52 in chip.fields
    tap = host.read(host.terminal.sale(Act.CONTACTLESS_SALE, 500, b"\x9f\x26\x01\x00"))
    assert tap.text(22) == "072"
    assert {26, 52, 53} & tap.fields.keys() == set()
    assert tap.secret_bytes(55).reveal(Purpose.WIRE) == b"\x9f\x26\x01\x00"


def test_void_refund_and_reversal_name_their_original(host):
    terminal = host.terminal
    sale = terminal.sale(Act.CHIP_SALE, 500, b"\x9f\x26\x01\x00")
    assert terminal.fault_of(sale, host.answer(sale)[0:]) == ""
    (sold,) = terminal.originals
    assert sold == Sold(2, 500, "632500000017", "204816", "1121")
    void = host.read(terminal.void(sold))
    assert (void.mti, void.text(3), void.text(61)) == ("0200", "200000", "000009000002")
    assert (void.text(37), void.text(38)) == ("632500000017", "204816")
    refund = host.read(terminal.refund(sold, 200))
    assert (refund.mti, refund.text(4)) == ("0220", "000000000200")
    assert refund.text(61) == "0000090000021121"
    reversal = terminal.reversal(Act.REVERSAL, 2)
    read = host.read(reversal)
    assert (read.mti, read.text(11), read.text(39)) == ("0400", "000002", "98")
    assert {35, 52, 55} & read.fields.keys() == set()
    assert terminal.book[2] == Booked("sale", 500)
    assert terminal.fault_of(reversal, host.answer(reversal)) == ""
    assert terminal.book[2] == Booked("sale", 500, "reversed")
    asked = terminal.balance()
    balance = host.read(asked)
    assert balance.text(3) == "310000"
    assert 4 not in balance.fields
    assert terminal.fault_of(asked, host.answer(asked)) == ""
    assert list(terminal.book) == [2]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"f39": "51"}, "chip_sale: code 51"),
        ({"f11": "000009"}, "chip_sale: an answer to something else"),
        ({"f4": "000000000501"}, "chip_sale: an answer to something else"),
        ({"f41": "00000002"}, "chip_sale: an answer to something else"),
    ],
)
def test_a_wrong_answer_is_a_fault_and_books_nothing(host, changes, fault):
    sale = host.terminal.sale(Act.CHIP_SALE, 500, b"\x9f\x26\x01\x00")
    assert host.terminal.fault_of(sale, host.answer(sale, **changes)) == fault
    assert host.terminal.book == {}
    spoiled = host.answer(sale)[:-1] + b"\x00"
    assert "wrong MAC" in host.terminal.fault_of(sale, spoiled)
    assert "cannot be read" in host.terminal.fault_of(sale, b"\x02")


class Wire(asyncio.WriteTransport):
    def __init__(self):
        self.sent = []

    def write(self, data):
        self.sent.append(bytes(data))


class OneAct:
    """A workload that does one thing with one terminal."""

    def __init__(self, act):
        self.next_act = act

    def act(self):
        return self.next_act

    def terminal(self):
        return 0

    def chip_data(self):
        return b"\x9f\x26\x01\x00"


def played(host, act, scenario):
    async def run():
        course = Course([host.terminal] * 4, OneAct(act), measuring=True)
        lane = Lane(course)
        lane.connection_made(Wire())
        return await scenario(lane, course)

    return asyncio.run(run())


def give(lane, host, asked_mti):
    """Answer the lane's newest request, which must be of this type."""
    body = lane._transport.sent[-1][13:]
    fields = UNIONPAY.decode(body).fields
    mti = UNIONPAY.decode(body).mti
    assert mti == asked_mti
    reply = {n: fields[n] for n in (3, 4, 11, 25, 41, 42, 49, 60) if n in fields}
    reply |= {13: "1121", 37: "632500000017", 38: "204816", 39: "00"}
    answer = UNIONPAY.encode_unsigned(Message(f"{mti[:2]}{int(mti[2]) + 1}{mti[3]}", reply), 64)
    answer += host.keys.mac(KeyName("s/mak"), ECB, answer)
    lane.data_received(pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, answer))


def test_a_reversal_follows_its_sale_on_the_same_connection(host):
    async def scenario(lane, course):
        lane.play()
        give(lane, host, "0200")
        course.stopping = True
        give(lane, host, "0400")
        return course

    course = played(host, Act.REVERSAL, scenario)
    assert [one.state for one in host.terminal.book.values()] == ["reversed"]
    assert {name: len(all_) for name, all_ in course.latencies_s.items()} == {
        TO_REVERSE: 1,
        "reversal": 1,
    }
    assert not host.terminal.busy
    assert course.wrong == {}


def test_a_late_reversal_holds_its_terminal_until_it_comes(host, monkeypatch):
    monkeypatch.setattr("tongbao.app.bench.mixed_load._LATE_S", 0.0)

    async def scenario(lane, course):
        lane.play()
        course.stopping = True
        give(lane, host, "0200")
        assert host.terminal.busy
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(course.late) == 1
        lane.play()
        give(lane, host, "0400")
        return course

    course = played(host, Act.LATE_REVERSAL, scenario)
    assert [one.state for one in host.terminal.book.values()] == ["reversed"]
    assert set(course.latencies_s) == {TO_REVERSE, "late_reversal"}
    assert not host.terminal.busy


def test_when_too_many_wait_to_reverse_a_late_reversal_comes_at_once(host):
    course = Course([host.terminal] * 8, OneAct(Act.LATE_REVERSAL))
    acts = [course.next_act() for _ in range(4)]
    assert acts == [Act.LATE_REVERSAL, Act.LATE_REVERSAL, Act.REVERSAL, Act.REVERSAL]
    assert (course.held, course.replaced) == (2, 2)


@pytest.mark.parametrize(("terminals", "connections"), [(12, 7), (12, 0)])
def test_connections_without_enough_terminals_are_refused(tmp_path, terminals, connections):
    options = BenchOptions(terminals=terminals, connections=connections, folder=tmp_path / "new")
    with pytest.raises(BenchFailedError, match="two terminals"):
        mix.run_mix_benchmark(options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("act", "mti"), [(Act.VOID, "0200"), (Act.REFUND, "0220")])
def test_what_has_nothing_to_undo_sells_instead_and_is_counted(host, act, mti):
    async def scenario(lane, course):
        lane.play()
        give(lane, host, "0200")
        course.stopping = True
        give(lane, host, mti)
        return course

    course = played(host, act, scenario)
    assert course.replaced == 1
    assert [one.kind for one in host.terminal.book.values()] == ["sale", act.value]
    assert list(host.terminal.originals) == []


def standin():
    store = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
    store.import_keys(
        [
            NamedKey("zpk", KeyBytes(bytes(range(16))), KeyAlgorithm.TDES),
            NamedKey("zak", KeyBytes(bytes(range(16))), KeyAlgorithm.AES),
        ]
    )
    return store, StandInIssuer(store, {TERMINAL: CARD})


def upstream(mti, code, **more):
    fields = {3: code, 4: "000000000500", 7: "1121010203", 11: "000002", 18: "5411", 22: "051"}
    fields |= {25: "00", 32: "12345678", 35: CARD.track2.reveal(Purpose.WIRE).replace("=", "D")}
    fields |= {37: "632500000018", 41: TERMINAL, 42: MERCHANT, 49: "156"}
    return Message(mti, fields | {int(name[1:]): value for name, value in more.items()})


@pytest.mark.parametrize(
    ("message", "operation", "has"),
    [
        (upstream("0200", "000000", f55=b"\x9f\x26\x01\x00"), Operation.SALE, "chip_data"),
        (upstream("0200", "200000", f62="632500000017"), Operation.VOID, "original"),
        (upstream("0220", "200000", f62="632500000017"), Operation.REFUND, "original"),
        (upstream("0200", "310000"), Operation.BALANCE, "balances"),
    ],
)
def test_the_stand_in_answers_everything_the_workload_asks(message, operation, has):
    store, issuer = standin()
    if operation is Operation.BALANCE:
        del message.fields[4]
    for _ in range(2):
        unsigned = NETWORK.encode_unsigned(message, 64)
        body = unsigned + store.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned)
        answer = issuer.answer(body)[2:]
        assert store.verify_mac(KeyName("zak"), MacAlgorithm.CMAC_AES, answer[:-8], answer[-8:])
        reply = OperationReply.from_message(NETWORK.decode(answer))
        assert (reply.operation, reply.response_code) == (operation, "00")
        assert getattr(reply, has) is not None
    assert issuer.faults == {}


ACTS = {act.value: ActFigures(count=10, p50_ms=1.0, p95_ms=2.0, p99_ms=3.0) for act in Act}
LOAD = MixReport(
    window_s=2.0,
    messages=1000,
    p50_ms=1.0,
    p95_ms=2.0,
    p99_ms=3.0,
    max_ms=4.0,
    host_cpu_s=0.08,
    load_cpu_s=0.05,
    machine_busy_percent=80.0,
    unanswered=0,
    replaced=2,
    acts=ACTS,
    books={TERMINAL: PaymentsOfTerminal(1, {2: ("sale", 500, "reversed")})},
)
BOOKS = DurabilityReport(acknowledged=1200, durable=1200, approved=1200, missing=())


def test_a_report_is_read_back_as_it_was_written(tmp_path):
    write_json(tmp_path / "report.json", LOAD)
    assert read_mix_report(tmp_path / "report.json") == LOAD


@pytest.mark.parametrize(
    ("load", "books", "host_exit_code", "fault"),
    [
        ({"wrong": {"void: code 12": 3}}, {}, 0, "3 answers were wrong: void: code 12"),
        ({"unanswered": 2}, {}, 0, "2 requests were never answered"),
        (
            {"acts": {name: one for name, one in ACTS.items() if name != "refund"}},
            {},
            0,
            "never answered in the measured window: refund",
        ),
        (
            {},
            {"durable": 1199, "missing": ("00000001/1/2",)},
            0,
            "1 acknowledged payments are not durable, for instance 00000001/1/2",
        ),
        ({}, {}, 74, "the host ended with code 74"),
    ],
)
def test_what_makes_figures_worthless_is_said(load, books, host_exit_code, fault):
    faults = mix._faults(
        dataclasses.replace(LOAD, **load), dataclasses.replace(BOOKS, **books), host_exit_code
    )
    assert faults == [fault]


def test_the_figures_for_people_show_wanted_and_seen_shares():
    machine = sale_result().figures["machine"]
    options = BenchOptions(terminals=1000, connections=64, tls=False)
    figures = mix._figures(options, LOAD, BOOKS, 150.04, machine)
    lines = describe_mix(BenchResult(figures=figures, faults=[])).splitlines()
    assert lines[0] == "500 flushed messages a second (1,000 in 2.0 s)"
    row = "chip_sale           77.8 %   1.0 %       10     1.00     2.00     3.00"
    assert row in lines
    assert (
        "replaced  2 acts by others: nothing to void or refund yet, too many waiting to reverse"
        in lines
    )
    assert (
        "load      1000 terminals by Zipf 0.99 on 64 connections, no payments by code, TLS off,"
        " issuer standin, seed 1"
    ) in lines


INSERT = """
    INSERT INTO payments_payment (payment_id, terminal_id, merchant_id, batch_no, stan, kind,
        amount_minor, currency, card_masked, card_token, entry_mode, rrn, business_date, route,
        received_at_us)
    VALUES (?, '00000001', '2', 1, ?, ?, ?, '156', '', x'', '051', ?, '2026-11-21', 'issuer', 1)
"""
EVENT = "INSERT INTO payments_paymentevent (payment_id, kind, at_us) VALUES (?, ?, 1)"


@pytest.mark.parametrize(
    ("told", "durable"),
    [
        ({2: ("sale", 500, "approved")}, 1),
        ({2: ("sale", 500, "reversed")}, 0),
        ({2: ("refund", 500, "approved")}, 0),
        ({2: ("sale", 501, "approved")}, 0),
        ({3: ("sale", 600, "reversed")}, 1),
        ({3: ("sale", 600, "approved")}, 0),
        ({4: ("void", 500, "approved")}, 0),
        ({9: ("sale", 500, "approved")}, 0),
    ],
)
def test_only_what_was_told_and_kept_alike_is_durable(tmp_path, told, durable):
    import sqlite3
    from contextlib import closing

    from tongbao.platform.schema import migrate

    url = f"sqlite:///{tmp_path / 'books.db'}"
    migrate(url)
    with closing(sqlite3.connect(tmp_path / "books.db")) as connection, connection:
        rows = (
            (2, "sale", 500, ("approved",)),
            (3, "sale", 600, ("approved", "reversal_requested", "reversed")),
            (4, "void", 500, ("declined",)),
        )
        for stan, kind, amount, events in rows:
            connection.execute(INSERT, (stan, stan, kind, amount, f"{stan}"))
            for event in events:
                connection.execute(EVENT, (stan, event))
    report = check_mix_durability(url, {TERMINAL: PaymentsOfTerminal(1, told)})
    assert (report.acknowledged, report.durable) == (1, durable)
    assert report.holds is (durable == 1)


def test_two_seconds_of_the_mix_are_green_on_sqlite(tmp_path, monkeypatch, capsys):
    """The whole of it: real host, real generator, every act, real books."""
    monkeypatch.chdir(tmp_path)
    code = main(
        [
            *("bench", "mix", "--terminals", "12", "--connections", "4", "--seconds", "3"),
            *("--warmup-seconds", "0.5", "--json"),
        ]
    )
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    figures = json.loads(captured.out)
    assert figures["acknowledged"] == figures["durable"] > 50
    assert figures["wrong_answers"] == figures["unanswered"] == 0
    assert {act.value for act in Act} <= figures["acts"].keys()
    assert list(tmp_path.iterdir()) == []
