"""The pure tables of the fleet: life cycle, stock lists, inheritance, health, allowance, codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platform.fleet.stage import MINUTE, NOW, beat
from tongbao.platform.access.operations import OPERATIONS
from tongbao.platform.fleet.activation_rules import (
    Point,
    code_hash,
    code_of,
    distance_m,
    is_code,
    step_states,
)
from tongbao.platform.fleet.gateway.allowance import Allowance
from tongbao.platform.fleet.health_rules import Reason, health_of, is_online, is_worth_keeping
from tongbao.platform.fleet.lifecycle import (
    NEVER,
    TRANSITIONS,
    WHO,
    DeviceState,
    DeviceStep,
    Effect,
    diagram,
    steps_from,
)
from tongbao.platform.fleet.stock_list import Fault, read_stock_list
from tongbao.platform.fleet.wanted_rules import (
    DEFAULTS,
    Layer,
    Level,
    category_layer,
    change,
    faults_of,
    flatten,
    merge,
    nest,
)
from tongbao.wire.device.health import PrinterState, Unsent


def test_each_pair_of_state_and_step_is_either_possible_or_never():
    every = {(state, step) for state in DeviceState for step in DeviceStep}
    never = {(state, step) for state, steps in NEVER.items() for step in steps}
    assert set(TRANSITIONS) | never == every
    assert set(TRANSITIONS) & never == set()


def test_each_step_names_who_may():
    assert set(WHO) == set(DeviceStep)
    assert set(WHO.values()) <= set(OPERATIONS)


def test_every_state_is_reached_and_every_state_but_scrapped_is_left():
    reached = {transition.to for transition in TRANSITIONS.values()} | {DeviceState.STOCK}
    assert reached == set(DeviceState)
    assert [state for state in DeviceState if not steps_from(state)] == [DeviceState.SCRAPPED]


def test_nothing_leaves_the_counter_with_its_keys():
    for (state, step), transition in TRANSITIONS.items():
        gives_up = transition.to in (DeviceState.RETURNED, DeviceState.LOST, DeviceState.REPLACED)
        if gives_up and state is not DeviceState.LOST:
            assert Effect.DESTROY_KEYS in transition.effects, (state, step)
            assert Effect.REVOKE_CERTIFICATE in transition.effects, (state, step)


def test_the_way_back_into_stock_leads_through_the_wipe():
    into_stock = {
        state
        for (state, step), transition in TRANSITIONS.items()
        if transition.to is DeviceState.STOCK and state is not DeviceState.STOCK
    }
    assert into_stock == {DeviceState.KEY_LOADED, DeviceState.WIPED}


def test_the_diagram_in_the_documents_is_made_from_the_table():
    from tests.repository.tidy import ROOT

    assert diagram() in (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")


GOOD = b"serial_number,model,part:printer,warranty_until\nTB26110001,T1,P58,2028-12-31\n"


def test_a_list_is_read_with_its_parts():
    (device,) = read_stock_list(GOOD).devices
    assert (device.serial_number, device.model, device.parts) == (
        "TB26110001",
        "T1",
        {"printer": "P58"},
    )
    assert device.warranty_until_us == 1_861_919_999_000_000


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + GOOD, GOOD.replace(b",", b";"), GOOD.replace(b"\n", b"\r\n")]
)
def test_the_usual_forms_of_csv_are_read(content):
    assert read_stock_list(content).devices == read_stock_list(GOOD).devices


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", [(0, Fault.EMPTY)]),
        (b"\xff", [(0, Fault.NOT_TEXT)]),
        (b"x" * 2_000_001, [(0, Fault.TOO_LARGE)]),
        (b"serial_number,model\n", [(1, Fault.EMPTY)]),
        (
            b"serial_number,colour\nTB26110001,red\n",
            [(1, Fault.NO_HEADER), (1, Fault.UNKNOWN_COLUMN)],
        ),
        (b"serial_number,model\nTB26110001\n", [(2, Fault.COLUMNS)]),
        (b"serial_number,model\n?,T1\nTB26110001,\n", [(2, Fault.SERIAL), (3, Fault.MODEL)]),
        (
            b"serial_number,model\nTB26110001,T1\nTB26110001,T1\n",
            [(3, Fault.SERIAL_TWICE)],
        ),
        (b"serial_number,model,warranty_until\nTB26110001,T1,soon\n", [(2, Fault.WARRANTY)]),
    ],
)
def test_each_wrong_line_is_named_with_its_fault(content, expected):
    read = read_stock_list(content)
    assert [(one.line, one.fault) for one in read.faults] == expected
    assert read.devices == ()


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(content):
    read = read_stock_list(content)
    assert not (read.devices and read.faults)


def test_the_nearest_level_wins_leaf_by_leaf_and_is_named():
    layers = [
        Layer(Level.ACQUIRER, {"language": "en", "slip.footer": ["acquirer"], "quiet_hour": 4}),
        category_layer("5944"),
        Layer(Level.MERCHANT, {"slip.footer": ["merchant"]}),
        Layer(Level.TERMINAL, {"language": "zh-hans"}),
    ]
    found = merge(layers)
    assert (found.values["language"], found.origins["language"]) == ("zh-hans", Level.TERMINAL)
    assert (found.values["slip.footer"], found.origins["slip.footer"]) == (
        ["merchant"],
        Level.MERCHANT,
    )
    assert (found.values["quiet_hour"], found.origins["quiet_hour"]) == (4, Level.ACQUIRER)
    assert (found.values["sign_in_policy"], found.origins["sign_in_policy"]) == (
        "per_trade",
        Level.CATEGORY,
    )
    assert found.origins["tenders"] is Level.DEFAULT


_leaves = st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.integers(1, 3))


@given(st.lists(_leaves, max_size=4))
def test_every_leaf_has_a_value_and_the_last_level_that_set_it(levels):
    layers = [Layer(level, leaves) for level, leaves in zip(Level, levels, strict=False)]
    found = merge(layers)
    assert set(found.values) == set(found.origins) == set(DEFAULTS)
    for path in DEFAULTS:
        setters = [layer for layer in layers if path in layer.leaves]
        wanted = setters[-1].leaves[path] if setters else DEFAULTS[path]
        assert found.values[path] == wanted


def test_a_document_and_its_leaves_are_the_same_thing():
    assert nest(DEFAULTS)["slip"] == {"header": [], "footer": []}
    assert flatten(nest(DEFAULTS)) == dict(DEFAULTS)
    assert change({"quiet_hour": 3}, {"quiet_hour": None, "language": "en"}) == {"language": "en"}


def test_the_defaults_are_within_their_own_rules():
    assert faults_of(DEFAULTS) == []


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("colour", 1, "unknown_setting"),
        ("tenders", [], "empty_list"),
        ("tenders", ["card", "card"], "twice"),
        ("tenders", ["gold"], "not_a_choice"),
        ("sign_in_policy", "never", "not_a_choice"),
        ("auto_sign_in", 1, "not_yes_or_no"),
        ("limits.sale_minor", -1, "out_of_range"),
        ("limits.sale_minor", True, "out_of_range"),
        ("quiet_hour", 24, "out_of_range"),
        ("slip.header", ["x"] * 7, "too_many_lines"),
        ("slip.header", ["x" * 33], "line_too_wide"),
        ("slip.footer", ["好" * 17], "line_too_wide"),
        ("slip.footer", ["x" * 32, "好" * 16, "Ω"], ""),
        ("slip.header", ["👍"], "not_printable"),
        ("slip.header", ["\x1b@"], "not_printable"),
    ],
)
def test_a_setting_against_its_rule_is_named(path, value, rule):
    faults = [(path, rule)] if rule else []
    assert [(one.path, one.rule) for one in faults_of({path: value})] == faults


@pytest.mark.parametrize(
    ("changes", "score", "reasons"),
    [
        ({}, 100, ()),
        ({"printer": PrinterState.NO_PAPER}, 80, (Reason.NO_PAPER,)),
        (
            {"unsent": Unsent(reversals=1, advices=0, signatures=0), "battery_percent": 3},
            20,
            (Reason.UNSENT_REVERSALS, Reason.BATTERY_EMPTY),
        ),
        ({"battery_percent": None, "storage_free_bytes": 0}, 60, (Reason.STORAGE_FULL,)),
        ({"at_ms": 0}, 75, (Reason.CLOCK_WRONG,)),
    ],
)
def test_a_heartbeat_has_a_score_with_its_reasons(changes, score, reasons):
    found = health_of(beat(NOW, **changes), wanted_version=0, now_ms=NOW // 1000)
    assert (found.score, found.reasons) == (score, reasons)


def test_old_settings_take_points_off():
    found = health_of(beat(NOW), wanted_version=1, now_ms=NOW // 1000)
    assert (found.score, found.reasons) == (90, (Reason.SETTINGS_OLD,))


def test_online_is_a_fresh_heartbeat():
    assert is_online(NOW, 60, NOW + 3 * MINUTE)
    assert not is_online(NOW, 60, NOW + 3 * MINUTE + 1)
    assert not is_online(None, 60, NOW)


def test_a_heartbeat_is_kept_when_it_says_something_new_or_after_a_while():
    health = health_of(beat(NOW), wanted_version=0, now_ms=NOW // 1000)
    worse = health_of(beat(NOW, battery_percent=1), wanted_version=0, now_ms=NOW // 1000)
    assert is_worth_keeping(None, health, None, NOW)
    assert is_worth_keeping(health, worse, NOW, NOW)
    assert not is_worth_keeping(health, health, NOW, NOW + 14 * MINUTE)
    assert is_worth_keeping(health, health, NOW, NOW + 15 * MINUTE)


@given(st.text(min_size=1, max_size=20), st.binary(min_size=32, max_size=32))
def test_a_code_is_eight_digits_and_known_by_its_hash_only(activation_id, public_key):
    code = code_of("secret", activation_id, public_key)
    assert len(code) == 8
    assert code.isdigit()
    kept = code_hash("secret", activation_id, code)
    assert is_code("secret", activation_id, code, kept)
    assert not is_code("other", activation_id, code, kept)


def test_a_distance_is_measured_along_the_ground():
    shanghai, beijing = Point(31_230_000, 121_470_000), Point(39_900_000, 116_400_000)
    assert distance_m(shanghai, shanghai) == 0
    assert 1_060_000 < distance_m(shanghai, beijing) < 1_080_000


def test_the_steps_show_where_it_stopped():
    states = [state for _, state in step_states("network", "no_keys")]
    assert states == ["done", "done", "failed", "waiting", "waiting", "waiting"]


def test_a_burst_is_allowed_and_then_one_in_a_while():
    allowance = Allowance(burst=2, refill_us=10_000_000)
    assert [allowance.wait_s("a", NOW) for _ in range(3)] == [0, 0, 10]
    assert allowance.wait_s("b", NOW) == 0
    assert [allowance.wait_s("a", NOW + 10_000_000) for _ in range(2)] == [0, 10]
