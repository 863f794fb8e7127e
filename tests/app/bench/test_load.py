"""The load generator's parts against a host played by the test, without sockets."""

import asyncio
import json

import pytest

from tongbao.app.bench.measuring import percentile
from tongbao.app.bench.plan import (
    AcknowledgedSales,
    LoadPlan,
    LoadReport,
    SimulatedCard,
    read_plan,
    read_report,
    terminal_ids,
    terminal_master_key,
    write_json,
)
from tongbao.app.bench.simulated_terminal import SignInFailedError, SimulatedTerminal, Tally
from tongbao.app.bench.standin_issuer import StandInIssuer
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.working_keys import WorkingKeyLayout
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.framing import DEFAULT_HEADER, DEFAULT_TPDU, pack_frame
from tongbao.wire.unionpay.table import UNIONPAY

TERMINAL = "00000001"
MERCHANT = "100000000000001"
ECB = MacAlgorithm.UNIONPAY_ECB
MASTER = KeyBytes(bytes(32))


class Wire(asyncio.WriteTransport):
    def __init__(self):
        self.sent = []

    def write(self, data):
        self.sent.append(bytes(data))

    def last_body(self):
        return self.sent[-1][13:]


class PlayedHost:
    """The other end of one simulated terminal's connection."""

    def __init__(self, terminal_store, tally):
        self.card = SimulatedCard.of_terminal(0, 1)
        self.terminal = SimulatedTerminal(TERMINAL, MERCHANT, self.card, terminal_store, tally)
        self.terminal.first_amount = 100
        self.wire = Wire()
        self.keys = store_with_tmk()
        self.terminal.connection_made(self.wire)

    def send(self, mti, fields, mac=True):
        message = Message(mti, fields)
        if mac:
            body = UNIONPAY.encode_unsigned(message, 64)
            body += self.keys.mac(KeyName("s/mak"), ECB, body)
        else:
            body = UNIONPAY.encode(message)
        self.terminal.data_received(pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, body))

    def answer_sign_in(self, code="00", spoil=False):
        request = UNIONPAY.decode(self.wire.last_body()).fields
        field62 = self.keys.make_working_keys(
            KeyName(f"tmk/{TERMINAL}"),
            WorkingKeyLayout.DOUBLE_DES,
            "s",
            lambda size: bytes(range(1, size + 1)),
        )
        if spoil:
            field62 = field62[:-1] + bytes([field62[-1] ^ 1])
        self.send(
            "0810",
            {11: request[11], 39: code, 41: TERMINAL, 42: MERCHANT, 60: "00000009003", 62: field62},
            mac=False,
        )

    def answer_sale(self, **changes):
        fields = UNIONPAY.decode(self.wire.last_body()).fields
        reply = {number: fields[number] for number in (3, 4, 11, 41, 42, 49, 60)}
        reply[39] = "00"
        reply.update({int(name[1:]): value for name, value in changes.items()})
        self.send("0210", reply)


def store_with_tmk():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_key(
        KeyName(f"tmk/{TERMINAL}"), terminal_master_key(TERMINAL, 1), KeyAlgorithm.TDES
    )
    return store


def played(scenario):
    """Run a scenario with a played host inside a loop."""

    async def run():
        tally = Tally(measuring=True)
        host = PlayedHost(store_with_tmk(), tally)
        return await scenario(host, tally)

    return asyncio.run(run())


async def signed_in(host):
    host.answer_sign_in()
    await host.terminal.ready


def test_a_sale_is_a_whole_message_with_pin_block_and_mac():
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.sell()
        body = host.wire.last_body()
        assert host.keys.verify_mac(KeyName("s/mak"), ECB, body[:-8], body[-8:])
        sale = UNIONPAY.decode(body)
        assert UNIONPAY.encode(sale) == body
        assert sale.mti == "0200"
        assert sorted(sale.fields) == [3, 4, 11, 22, 25, 26, 35, 41, 42, 49, 52, 53, 60, 64]
        assert (sale.fields[4], sale.fields[11]) == ("000000000102", "000002")
        # The batch is the one that the sign-in gave.
        assert sale.fields[60] == "22000009000501"
        expected = host.keys.encrypt_pin(KeyName("s/pik"), host.card.pin, host.card.pan)
        block = sale.secret_bytes(52).reveal(Purpose.TEST)
        assert block == expected.reveal(Purpose.TEST)

    played(scenario)


def test_a_good_answer_is_acknowledged_and_brings_the_next_sale():
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.sell()
        host.answer_sale()
        host.answer_sale()
        assert host.terminal.acknowledged == {2: 102, 3: 103}
        assert len(tally.latencies_s) == 2
        assert not tally.wrong
        assert UNIONPAY.decode(host.wire.last_body()).fields[11] == "000004"
        tally.stopping = True
        sent = len(host.wire.sent)
        host.answer_sale()
        assert len(host.wire.sent) == sent
        assert not host.terminal.waiting

    played(scenario)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"f39": "51"}, "code 51"),
        ({"f11": "000009"}, "an answer to something else"),
        ({"f4": "000000000001"}, "an answer to something else"),
        ({"f41": "00000002"}, "an answer to something else"),
    ],
)
def test_a_wrong_answer_is_counted_and_not_acknowledged(changes, reason):
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.sell()
        host.answer_sale(**changes)
        assert dict(tally.wrong) == {reason: 1}
        assert host.terminal.acknowledged == {}
        assert tally.latencies_s == []

    played(scenario)


def test_an_answer_with_another_mac_is_wrong():
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.sell()
        host.keys.make_working_keys(
            KeyName(f"tmk/{TERMINAL}"), WorkingKeyLayout.DOUBLE_DES, "s", lambda size: b"x" * size
        )
        host.answer_sale()
        assert dict(tally.wrong) == {"wrong MAC on 0210": 1}

    played(scenario)


def test_an_unreadable_answer_is_wrong():
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.sell()
        host.terminal.data_received(pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, b"\x02\x10"))
        assert [reason.partition(":")[0] for reason in tally.wrong] == [
            "answer that cannot be read"
        ]

    played(scenario)


@pytest.mark.parametrize(("code", "spoil"), [("97", False), ("00", True)])
def test_a_failed_sign_in_says_so(code, spoil):
    async def scenario(host, tally):
        host.answer_sign_in(code, spoil)
        with pytest.raises(SignInFailedError, match=f"terminal {TERMINAL}"):
            await host.terminal.ready

    played(scenario)


def test_the_first_sale_waits_for_the_issuer():
    async def scenario(host, tally):
        await signed_in(host)
        for code, expected in (("91", False), ("00", True)):
            probe = asyncio.ensure_future(host.terminal.probe())
            await asyncio.sleep(0)
            host.answer_sale(f39=code)
            assert await probe is expected
        assert not tally.wrong
        assert host.terminal.acknowledged == {3: 103}
        probe = asyncio.ensure_future(host.terminal.probe())
        await asyncio.sleep(0)
        host.answer_sale(f39="55")
        with pytest.raises(SignInFailedError, match="code 55"):
            await probe

    played(scenario)


def test_a_connection_that_ends_is_a_fault():
    async def scenario(host, tally):
        await signed_in(host)
        host.terminal.connection_lost(None)
        assert dict(tally.wrong) == {"connection lost": 1}

    played(scenario)


def test_a_connection_that_ends_before_the_sign_in_is_told():
    async def scenario(host, tally):
        host.terminal.connection_lost(None)
        with pytest.raises(SignInFailedError, match="closed the connection"):
            await host.terminal.ready

    played(scenario)


ZAK, ZPK = KeyName("zak"), KeyName("zpk")


@pytest.fixture
def issuer_keys():
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_keys(
        [
            NamedKey(ZAK, KeyBytes(b"\x33" * 16), KeyAlgorithm.AES),
            NamedKey(ZPK, KeyBytes(b"\x22" * 16), KeyAlgorithm.TDES),
        ]
    )
    return store


def network_sale(keys, card, trace, pin_block=None):
    fields = {
        3: "000000",
        4: f"{100 + trace:012d}",
        7: "1121020304",
        11: f"{trace:06d}",
        18: "5411",
        22: "021",
        25: "00",
        32: "99900001",
        35: card.track2.reveal(Purpose.WIRE),
        37: f"{trace:012d}",
        41: TERMINAL,
        42: MERCHANT,
        49: "156",
        52: pin_block or keys.encrypt_pin(ZPK, card.pin, card.pan).reveal(Purpose.WIRE),
        53: "2600000000000000",
    }
    return signed(keys, "0200", fields, 64)


def signed(keys, mti, fields, mac_field):
    unsigned = NETWORK.encode_unsigned(Message(mti, fields), mac_field)
    return unsigned + keys.mac(ZAK, MacAlgorithm.CMAC_AES, unsigned)


def read_answer(keys, frame):
    body = frame[2:]
    assert len(body) == int.from_bytes(frame[:2], "big")
    assert keys.verify_mac(ZAK, MacAlgorithm.CMAC_AES, body[:-8], body[-8:])
    return NETWORK.decode(body)


def test_the_stand_in_approves_by_slices_what_the_codec_would_say(issuer_keys):
    card = SimulatedCard.of_terminal(0, 1)
    issuer = StandInIssuer(issuer_keys, {TERMINAL: card})
    for trace in (1, 2, 3):
        answer = read_answer(issuer_keys, issuer.answer(network_sale(issuer_keys, card, trace)))
        del answer.fields[64]
        assert answer.mti == "0210"
        assert answer.fields == {
            3: "000000",
            4: f"{100 + trace:012d}",
            7: "1121020304",
            11: f"{trace:06d}",
            15: "1121",
            37: f"{trace:012d}",
            38: f"{trace:06d}",
            39: "00",
            41: TERMINAL,
            42: MERCHANT,
            49: "156",
        }
    assert issuer.messages == 3
    assert not issuer.faults


def test_the_stand_in_refuses_another_pin_also_after_it_has_learnt_to_slice(issuer_keys):
    card = SimulatedCard.of_terminal(0, 1)
    issuer = StandInIssuer(issuer_keys, {TERMINAL: card})
    issuer.answer(network_sale(issuer_keys, card, 1))
    wrong = network_sale(issuer_keys, card, 2, pin_block=bytes(8))
    assert read_answer(issuer_keys, issuer.answer(wrong)).fields[39] == "55"
    assert dict(issuer.faults) == {"issuer: another PIN": 1}


def test_the_stand_in_stays_silent_on_a_wrong_mac(issuer_keys):
    card = SimulatedCard.of_terminal(0, 1)
    issuer = StandInIssuer(issuer_keys, {TERMINAL: card})
    for trace in (1, 2):
        sale = network_sale(issuer_keys, card, trace)
        assert issuer.answer(sale[:-1] + bytes([sale[-1] ^ 1])) == b""
        issuer.answer(sale)
    assert dict(issuer.faults) == {"issuer: wrong MAC": 2}
    assert issuer.answer(b"\x02\x00") == b""
    assert issuer.faults["issuer: a message that cannot be read"] == 1


def test_the_stand_in_answers_sign_on_and_reversal(issuer_keys):
    issuer = StandInIssuer(issuer_keys, {})
    sign_on = signed(issuer_keys, "0800", {7: "1121020304", 11: "000001", 70: "001"}, 128)
    answer = read_answer(issuer_keys, issuer.answer(sign_on))
    assert (answer.mti, answer.fields[39], answer.fields[70]) == ("0810", "00", "001")
    fields = {
        3: "000000",
        4: "000000000100",
        7: "1121020304",
        11: "000001",
        32: "99900001",
        37: "000000000001",
        41: TERMINAL,
        42: MERCHANT,
        49: "156",
        90: "0" * 42,
    }
    answer = read_answer(issuer_keys, issuer.answer(signed(issuer_keys, "0420", fields, 128)))
    assert (answer.mti, answer.fields[39]) == ("0430", "00")


def test_cards_and_keys_follow_the_seed():
    first = SimulatedCard.of_terminal(0, 1)
    again = SimulatedCard.of_terminal(0, 1)
    assert first.pan == again.pan
    assert first.pin == again.pin
    assert first.pan.bin6 == "620000"
    assert first.pan.luhn_valid
    assert first.track2.pan == first.pan
    assert SimulatedCard.of_terminal(1, 1).pan != first.pan
    assert terminal_master_key("00000001", 1) == terminal_master_key("00000001", 1)
    assert terminal_master_key("00000001", 1) != terminal_master_key("00000001", 2)
    assert terminal_ids(2) == ["00000001", "00000002"]


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50.0), (95, 95.0), (99, 99.0), (100, 100.0), (0, 1.0)]
)
def test_percentiles_are_nearest_ranks(percent, expected):
    assert percentile([float(value) for value in range(1, 101)], percent) == expected
    assert percentile([], percent) == 0.0


def test_plan_and_report_travel_as_json(tmp_path):
    plan = LoadPlan(
        host_address="127.0.0.1",
        host_port=1,
        host_pid=2,
        authority_file=None,
        issuer_port=0,
        issuer_key_file="a",
        issuer_master_key_file="b",
        terminal_key_file="c",
        terminal_master_key_file="d",
        merchant_id=MERCHANT,
        terminals=2,
        seed=1,
        warmup_seconds=0.5,
        seconds=1.0,
        report_file="e",
    )
    write_json(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan
    report = LoadReport(
        window_s=1.0,
        sales=1,
        p50_ms=1.0,
        p95_ms=1.0,
        p99_ms=1.0,
        max_ms=1.0,
        host_cpu_s=0.1,
        load_cpu_s=0.1,
        machine_busy_percent=50.0,
        issuer_messages=1,
        unanswered=0,
        acknowledged={"00000001": AcknowledgedSales(1, {2: 100})},
    )
    write_json(tmp_path / "report.json", report)
    assert json.loads((tmp_path / "report.json").read_text())["sales"] == 1
    assert read_report(tmp_path / "report.json") == report
