"""The main path as people walk it, in real Chromium against the real server.

A stranger opens the public page, applies with papers, is reviewed, signs, gets a terminal,
activates it and sells; the acquirer's people see to it in the console. Everything is clicked, in
either language; every page on the way fits and can be read by everybody.
"""

from __future__ import annotations

from pathlib import Path

from tests.journey.conftest import SECOND_SERIAL, STAFF_PASSWORD, Scene
from tests.journey.counter import Counter
from tests.journey.staff import Staff
from tests.journey.stranger import OPERATOR, Stranger
from tests.journey.telephone import Telephone
from tests.journey.walker import Manner, Walker
from tongbao.app.setup import NEW_SERIAL
from tongbao.sandbox.neighbours.applicants import APPLICANT_BY_KEY

DESK = Manner("zh", 1280, 800)
PHONE = Manner("en", 390, 844)
HANDHELD = Manner("en", 480, 800)


def test_a_micro_merchant_corrects_a_paper_and_types_the_code_into_the_portal(
    scene: Scene, tmp_path: Path
) -> None:
    """In Chinese on a desk."""
    with scene.walker(DESK, "stranger") as walking:
        stranger = Stranger(walking, APPLICANT_BY_KEY["person"], scene.portal, scene.neighbours)
        apply(stranger, tmp_path)
        with scene.walker(DESK, "reviewer") as reviewing:
            reviewer = at_work(scene, reviewing, "reviewer")
            reviewer.open_application(stranger.who.shop_name)
            reviewer.take()
            reviewer.send_back("paper_not_legible", "id_front")
            stranger.correct("id_front", tmp_path / "id_front.png")
            reviewer.open_application(stranger.who.shop_name)
            reviewer.approve()
        pin, terminal_id = become_a_merchant(scene, stranger, NEW_SERIAL, DESK)
        scene.devices[NEW_SERIAL].start()
        with scene.walker(DESK, "counter") as standing:
            counter = Counter(standing, scene.devices[NEW_SERIAL].ready["address"])
            stranger.activate(NEW_SERIAL, terminal_id, counter.read_code())
            counter.pass_self_test()
            counter.begin()
            stranger.see_it_active()
            counter.log_in(OPERATOR, pin)
            counter.sell("1234")
        stranger.see_sale("12.34")
    assert scene.faults == [], "\n".join(scene.faults)


def test_a_sole_trader_reads_the_code_to_the_telephone_menu(scene: Scene, tmp_path: Path) -> None:
    """In English on a phone, the acquirer's people, too."""
    with scene.walker(PHONE, "stranger") as walking:
        stranger = Stranger(walking, APPLICANT_BY_KEY["trader"], scene.portal, scene.neighbours)
        apply(stranger, tmp_path)
        with scene.walker(PHONE, "reviewer") as reviewing:
            reviewer = at_work(scene, reviewing, "reviewer2")
            reviewer.open_application(stranger.who.shop_name)
            reviewer.take()
            reviewer.approve("Compared with the other application")
        pin, terminal_id = become_a_merchant(scene, stranger, SECOND_SERIAL, PHONE)
        scene.devices[SECOND_SERIAL].start()
        with scene.walker(HANDHELD, "counter") as standing:
            counter = Counter(standing, scene.devices[SECOND_SERIAL].ready["address"])
            code = counter.read_code()
            with scene.walker(PHONE, "telephone") as calling:
                telephone = Telephone(calling, scene.neighbours.url)
                telephone.activate(stranger.who.phone, SECOND_SERIAL, terminal_id, code)
            counter.pass_self_test()
            counter.begin()
            counter.log_in(OPERATOR, pin)
            counter.sell("1234")
        stranger.see_sale("12.34")
    assert scene.faults == [], "\n".join(scene.faults)


def apply(stranger: Stranger, folder: Path) -> None:
    """From the public page to an application that waits for a reviewer."""
    stranger.look_around()
    stranger.register()
    stranger.apply()
    stranger.upload_papers(folder)
    stranger.prove_the_account()
    stranger.hand_in()


def become_a_merchant(
    scene: Scene, stranger: Stranger, serial_number: str, manner: Manner
) -> tuple[str, str]:
    """Sign, name a cashier and get a terminal; return the cashier's first PIN and its number."""
    stranger.sign()
    pin = stranger.name_a_cashier()
    with scene.walker(manner, "fleet") as shipping:
        fleet = at_work(scene, shipping, "fleet" if manner is DESK else "fleet2")
        fleet.open_device(serial_number)
        fleet.send(stranger.who.shop_name)
    return pin, stranger.receive()


def at_work(scene: Scene, walking: Walker, name: str) -> Staff:
    """Log somebody of the acquirer in."""
    staff = Staff(walking, name, f"{scene.portal}/console", scene.neighbours)
    staff.log_in(STAFF_PASSWORD)
    return staff
