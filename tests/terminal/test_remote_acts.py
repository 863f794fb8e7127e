"""Orders from afar: put off is not done, and one broken report holds nothing up."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.terminal.live import clock
from tongbao.terminal.core.vocabulary import Phase
from tongbao.terminal.device.acts import RemoteActs
from tongbao.terminal.device.gateway import Gateway, GatewayError, Trouble
from tongbao.terminal.device.store import DeviceStore
from tongbao.terminal.process import Ending
from tongbao.wire.device.codec import decode
from tongbao.wire.device.health import Act, ActKind, ActOutcome, ActResult, Refusal, RefusalAnswer

RESTART = Act(act_id="r1", kind=ActKind.RESTART, body={})


def terminal(phase):
    return SimpleNamespace(shell=SimpleNamespace(state=SimpleNamespace(phase=phase)))


def told(store):
    return [decode(ActResult, store.report(name)[1]).outcome for name in store.reports()]


def test_an_order_that_was_put_off_is_done_when_it_comes_again_and_then_never_more(tmp_path):
    store = DeviceStore(tmp_path)
    acts = RemoteActs(store, None, clock, None)
    for _ in range(2):
        asyncio.run(acts.do(RESTART, terminal(Phase.AUTHORISING)))
    assert (told(store), acts.ending) == ([ActOutcome.REFUSED], None)
    asyncio.run(acts.do(RESTART, terminal(Phase.IDLE)))
    assert (told(store)[1:], acts.ending) == ([ActOutcome.DONE], Ending.RESTART)
    acts.ending = None
    asyncio.run(acts.do(RESTART, terminal(Phase.IDLE)))
    assert (len(told(store)), acts.ending) == (2, None)


@pytest.mark.parametrize(
    ("code", "left"), [(Refusal.BROKEN, 1), (Refusal.MALFORMED, 0), (Refusal.NOT_IN_SERVICE, 3)]
)
def test_a_report_over_which_the_platform_breaks_stays_and_the_others_go(tmp_path, code, left):
    store, gateway, heard = DeviceStore(tmp_path), Gateway.__new__(Gateway), []
    for path in ("/a", "/broken", "/b"):
        store.keep_report(path, b"{}")

    def tell(path, _body):
        if path == "/broken" or code is Refusal.NOT_IN_SERVICE:
            answer = RefusalAnswer(
                code=code,
                field="",
                words_zh="话",
                words_en="words",
                retry_after_s=None,
                server_time_ms=0,
            )
            raise GatewayError(Trouble.REFUSED, answer)
        heard.append(path)

    gateway.tell = tell
    if code is Refusal.NOT_IN_SERVICE:
        with pytest.raises(GatewayError):
            gateway.deliver(store)
    else:
        gateway.deliver(store)
        assert heard == ["/a", "/b"]
    assert len(store.reports()) == left
