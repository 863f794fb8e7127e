"""The life of a device as one table: which step leads where, who may take it, what is checked.

Pure: imports no Django. Every pair of state and step is either in `TRANSITIONS` or in `NEVER`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.access.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeviceState(StrEnum):
    """Where a device is in its life."""

    STOCK = "stock"
    KEY_LOADED = "key_loaded"
    SHIPPED = "shipped"
    RECEIVED = "received"
    ACTIVATING = "activating"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    MOVING = "moving"
    REPLACED = "replaced"
    RETURNED = "returned"
    WIPED = "wiped"
    LOST = "lost"
    SCRAPPED = "scrapped"


class DeviceStep(StrEnum):
    """What can be done with a device."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    LOAD_KEYS = "load_keys"
    SHIP = "ship"
    HAND_OVER = "hand_over"
    RECEIVE = "receive"
    BEGIN_ACTIVATION = "begin_activation"
    BREAK_OFF = "break_off"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    MOVE = "move"
    ARRIVE = "arrive"
    REPLACE = "replace"
    RETURN = "return"
    WIPE = "wipe"
    RESTOCK = "restock"
    LOSE = "lose"
    FIND = "find"
    SCRAP = "scrap"


class Check(StrEnum):
    """What must hold before a step; each refusal has words that say what to do."""

    NOT_ASSIGNED = "not_assigned"
    ASSIGNED = "assigned"
    CLEAN = "clean"  # wiped since it came back from its last owner
    MERCHANT_ACTIVE = "merchant_active"
    SETTLEMENT_ACCOUNT = "settlement_account"
    PLACE_KNOWN = "place_known"
    KEYS_READY = "keys_ready"
    CERTIFIED = "certified"
    SELF_TEST_PASSED = "self_test_passed"
    APPROVED = "approved"  # under dual control
    NOTHING_UNSENT = "nothing_unsent"
    SUCCESSOR = "successor"  # another device that takes over is ready


class Effect(StrEnum):
    """What a step does besides changing the state."""

    DESTROY_KEYS = "destroy_keys"
    REVOKE_CERTIFICATE = "revoke_certificate"
    LOCK = "lock"
    UNLOCK = "unlock"
    STOP_TERMINAL = "stop_terminal"
    START_TERMINAL = "start_terminal"
    OPEN_INSTALLATION = "open_installation"
    CLOSE_INSTALLATION = "close_installation"
    RELEASE_TERMINAL = "release_terminal"
    CLOSE_SHIPMENT = "close_shipment"
    END_ACTIVATIONS = "end_activations"
    END_ACTS = "end_acts"
    FORGET_SETTINGS = "forget_settings"


@dataclass(frozen=True, slots=True)
class Transition:
    """One cell of the table: the next state, the checks before, the effects with it."""

    to: DeviceState
    checks: tuple[Check, ...] = ()
    effects: tuple[Effect, ...] = ()


WHO: Final[Mapping[DeviceStep, Operation]] = {
    DeviceStep.ASSIGN: Operation.DEVICE_ASSIGN,
    DeviceStep.UNASSIGN: Operation.DEVICE_ASSIGN,
    DeviceStep.LOAD_KEYS: Operation.KEYS_LOAD,
    DeviceStep.SHIP: Operation.DEVICE_SHIP,
    DeviceStep.HAND_OVER: Operation.DEVICE_SHIP,
    DeviceStep.RECEIVE: Operation.DEVICE_RECEIVE,
    DeviceStep.BEGIN_ACTIVATION: Operation.ACTIVATION_CONFIRM,
    DeviceStep.BREAK_OFF: Operation.ACTIVATION_CALL_OFF,
    DeviceStep.ACTIVATE: Operation.DEVICE_SPEAK,
    DeviceStep.SUSPEND: Operation.DEVICE_SUSPEND,
    DeviceStep.RESUME: Operation.DEVICE_SUSPEND,
    DeviceStep.MOVE: Operation.DEVICE_MOVE,
    DeviceStep.ARRIVE: Operation.DEVICE_RECEIVE,
    DeviceStep.REPLACE: Operation.DEVICE_REPLACE,
    DeviceStep.RETURN: Operation.DEVICE_TAKE_BACK,
    DeviceStep.WIPE: Operation.DEVICE_TAKE_BACK,
    DeviceStep.RESTOCK: Operation.DEVICE_TAKE_BACK,
    DeviceStep.LOSE: Operation.DEVICE_REPORT_LOST,
    DeviceStep.FIND: Operation.DEVICE_TAKE_BACK,
    DeviceStep.SCRAP: Operation.DEVICE_SCRAP,
}

_S, _T, _C, _E = DeviceState, DeviceStep, Check, Effect

# Whatever leaves the counter for good gives up its keys, its certificate and its place.
_GIVE_UP = (
    _E.DESTROY_KEYS,
    _E.REVOKE_CERTIFICATE,
    _E.STOP_TERMINAL,
    _E.CLOSE_INSTALLATION,
    _E.CLOSE_SHIPMENT,
    _E.END_ACTIVATIONS,
    _E.END_ACTS,
    _E.RELEASE_TERMINAL,
    _E.FORGET_SETTINGS,
)
# The merchant keeps the number of a lost device, so that another can take over.
_LOCK_OUT = (
    _E.DESTROY_KEYS,
    _E.REVOKE_CERTIFICATE,
    _E.STOP_TERMINAL,
    _E.LOCK,
    _E.CLOSE_INSTALLATION,
    _E.CLOSE_SHIPMENT,
    _E.END_ACTIVATIONS,
)
_HAND_ON = (
    _E.DESTROY_KEYS,
    _E.REVOKE_CERTIFICATE,
    _E.LOCK,
    _E.CLOSE_INSTALLATION,
    _E.END_ACTIVATIONS,
    _E.END_ACTS,
    _E.RELEASE_TERMINAL,
)
_READY = (_C.ASSIGNED, _C.MERCHANT_ACTIVE, _C.KEYS_READY)
_LOST = Transition(_S.LOST, (), _LOCK_OUT)
_BACK = Transition(_S.RETURNED, (), _GIVE_UP)
_REPLACED = Transition(_S.REPLACED, (_C.SUCCESSOR,), _HAND_ON)
_SUSPENDED = Transition(_S.SUSPENDED, (), (_E.STOP_TERMINAL, _E.LOCK))

TRANSITIONS: Final[Mapping[tuple[DeviceState, DeviceStep], Transition]] = {
    (_S.STOCK, _T.ASSIGN): Transition(
        _S.STOCK, (_C.NOT_ASSIGNED, _C.CLEAN, _C.MERCHANT_ACTIVE, _C.SETTLEMENT_ACCOUNT)
    ),
    (_S.STOCK, _T.UNASSIGN): Transition(_S.STOCK, (_C.ASSIGNED,), _GIVE_UP),
    (_S.STOCK, _T.LOAD_KEYS): Transition(
        _S.KEY_LOADED, (_C.ASSIGNED, _C.CLEAN, _C.MERCHANT_ACTIVE)
    ),
    (_S.STOCK, _T.SCRAP): Transition(_S.SCRAPPED, (_C.NOT_ASSIGNED,)),
    (_S.STOCK, _T.LOSE): _LOST,
    (_S.KEY_LOADED, _T.UNASSIGN): Transition(_S.STOCK, (_C.ASSIGNED,), _GIVE_UP),
    (_S.KEY_LOADED, _T.SHIP): Transition(_S.SHIPPED, (*_READY, _C.PLACE_KNOWN)),
    (_S.KEY_LOADED, _T.HAND_OVER): Transition(_S.RECEIVED, (*_READY, _C.PLACE_KNOWN)),
    (_S.KEY_LOADED, _T.LOSE): _LOST,
    (_S.SHIPPED, _T.RECEIVE): Transition(_S.RECEIVED, (_C.ASSIGNED,), (_E.CLOSE_SHIPMENT,)),
    (_S.SHIPPED, _T.RETURN): _BACK,
    (_S.SHIPPED, _T.LOSE): _LOST,
    (_S.RECEIVED, _T.BEGIN_ACTIVATION): Transition(_S.ACTIVATING, (*_READY, _C.SETTLEMENT_ACCOUNT)),
    (_S.RECEIVED, _T.RETURN): _BACK,
    (_S.RECEIVED, _T.LOSE): _LOST,
    (_S.ACTIVATING, _T.BREAK_OFF): Transition(
        _S.RECEIVED, (), (_E.END_ACTIVATIONS, _E.REVOKE_CERTIFICATE)
    ),
    (_S.ACTIVATING, _T.ACTIVATE): Transition(
        _S.ACTIVE,
        (*_READY, _C.SETTLEMENT_ACCOUNT, _C.CERTIFIED, _C.SELF_TEST_PASSED),
        (_E.OPEN_INSTALLATION, _E.START_TERMINAL),
    ),
    (_S.ACTIVATING, _T.RETURN): _BACK,
    (_S.ACTIVATING, _T.LOSE): _LOST,
    (_S.ACTIVE, _T.SUSPEND): _SUSPENDED,
    (_S.ACTIVE, _T.MOVE): Transition(
        _S.MOVING,
        (_C.APPROVED, _C.MERCHANT_ACTIVE, _C.PLACE_KNOWN),
        (_E.STOP_TERMINAL, _E.CLOSE_INSTALLATION),
    ),
    (_S.ACTIVE, _T.REPLACE): _REPLACED,
    (_S.ACTIVE, _T.RETURN): Transition(_S.RETURNED, (_C.NOTHING_UNSENT,), _GIVE_UP),
    (_S.ACTIVE, _T.LOSE): _LOST,
    (_S.SUSPENDED, _T.RESUME): Transition(
        _S.ACTIVE,
        (_C.ASSIGNED, _C.MERCHANT_ACTIVE, _C.SETTLEMENT_ACCOUNT, _C.KEYS_READY, _C.CERTIFIED),
        (_E.START_TERMINAL, _E.UNLOCK),
    ),
    (_S.SUSPENDED, _T.REPLACE): _REPLACED,
    (_S.SUSPENDED, _T.RETURN): Transition(_S.RETURNED, (_C.NOTHING_UNSENT,), _GIVE_UP),
    (_S.SUSPENDED, _T.LOSE): _LOST,
    (_S.MOVING, _T.ARRIVE): Transition(
        _S.ACTIVE,
        (_C.ASSIGNED, _C.MERCHANT_ACTIVE, _C.SETTLEMENT_ACCOUNT, _C.PLACE_KNOWN, _C.CERTIFIED),
        (_E.OPEN_INSTALLATION, _E.START_TERMINAL),
    ),
    (_S.MOVING, _T.RETURN): Transition(_S.RETURNED, (_C.NOTHING_UNSENT,), _GIVE_UP),
    (_S.MOVING, _T.LOSE): _LOST,
    (_S.REPLACED, _T.RETURN): _BACK,
    (_S.REPLACED, _T.LOSE): _LOST,
    (_S.RETURNED, _T.WIPE): Transition(_S.WIPED, (_C.NOT_ASSIGNED,), (_E.DESTROY_KEYS, _E.UNLOCK)),
    (_S.RETURNED, _T.SCRAP): Transition(_S.SCRAPPED, (_C.NOT_ASSIGNED,), (_E.DESTROY_KEYS,)),
    (_S.RETURNED, _T.LOSE): _LOST,
    (_S.WIPED, _T.RESTOCK): Transition(_S.STOCK, (_C.CLEAN,)),
    (_S.WIPED, _T.SCRAP): Transition(_S.SCRAPPED, (_C.NOT_ASSIGNED,)),
    (_S.WIPED, _T.LOSE): _LOST,
    (_S.LOST, _T.REPLACE): Transition(_S.LOST, (_C.SUCCESSOR,), (_E.RELEASE_TERMINAL,)),
    (_S.LOST, _T.FIND): _BACK,
    (_S.LOST, _T.SCRAP): Transition(_S.SCRAPPED, (), _GIVE_UP),
}


def _all_but(*steps: DeviceStep) -> frozenset[DeviceStep]:
    return frozenset(DeviceStep) - frozenset(steps)


# Written out state by state, so that a new step or state makes the test of the table fail.
NEVER: Final[Mapping[DeviceState, frozenset[DeviceStep]]] = {
    _S.STOCK: _all_but(_T.ASSIGN, _T.UNASSIGN, _T.LOAD_KEYS, _T.SCRAP, _T.LOSE),
    _S.KEY_LOADED: _all_but(_T.UNASSIGN, _T.SHIP, _T.HAND_OVER, _T.LOSE),
    _S.SHIPPED: _all_but(_T.RECEIVE, _T.RETURN, _T.LOSE),
    _S.RECEIVED: _all_but(_T.BEGIN_ACTIVATION, _T.RETURN, _T.LOSE),
    _S.ACTIVATING: _all_but(_T.BREAK_OFF, _T.ACTIVATE, _T.RETURN, _T.LOSE),
    _S.ACTIVE: _all_but(_T.SUSPEND, _T.MOVE, _T.REPLACE, _T.RETURN, _T.LOSE),
    _S.SUSPENDED: _all_but(_T.RESUME, _T.REPLACE, _T.RETURN, _T.LOSE),
    _S.MOVING: _all_but(_T.ARRIVE, _T.RETURN, _T.LOSE),
    _S.REPLACED: _all_but(_T.RETURN, _T.LOSE),
    _S.RETURNED: _all_but(_T.WIPE, _T.SCRAP, _T.LOSE),
    _S.WIPED: _all_but(_T.RESTOCK, _T.SCRAP, _T.LOSE),
    _S.LOST: _all_but(_T.REPLACE, _T.FIND, _T.SCRAP),
    _S.SCRAPPED: _all_but(),
}


def steps_from(state: DeviceState) -> tuple[DeviceStep, ...]:
    """Return what can be done with a device in this state, in the order of the steps."""
    return tuple(step for step in DeviceStep if (state, step) in TRANSITIONS)


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for docs/fleet.md."""
    lines = ["stateDiagram-v2", "    [*] --> stock"]
    lines += [
        f"    {state} --> {transition.to}: {step}"
        for (state, step), transition in TRANSITIONS.items()
        if step is not DeviceStep.LOSE
    ]
    away = [state for state, step in TRANSITIONS if step is DeviceStep.LOSE]
    lines += [f"    {state} --> lost: lose" for state in away]
    return "\n".join([*lines, "    scrapped --> [*]"])
