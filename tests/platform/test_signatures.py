"""The cardholder's signature in the console: drawn from JBIG parts, or not at all."""

import io

import pytest
from PIL import Image

from tests.platform.conftest import browser_of
from tests.platform.seed_beside import signature_bitmap
from tongbao.wire import jbig

LIST = "/console/payments/payment/"


def add_parts(payment_id, *parts):
    from tongbao.platform.payments.models import Signature

    for part_no, is_last, image in parts:
        Signature.objects.create(
            payment_id=payment_id, part_no=part_no, is_last=is_last, at_us=1, image=image
        )


def test_the_picture_is_the_bitmap_that_was_signed(staff, stories):
    browser = browser_of(staff)
    address = f"{LIST}{stories['approved']}/signature.png"
    assert address in browser.get(f"{LIST}{stories['approved']}/change/").content.decode()
    answer = browser.get(address)
    assert answer["Content-Type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    bitmap = signature_bitmap()
    assert picture.size == (bitmap.width, bitmap.height)
    assert picture.tobytes("raw", "1;I") == bitmap.rows
    # The line under the wave is black, the corner is paper.
    assert (picture.getpixel((20, 50)), picture.getpixel((0, 0))) == (0, 255)


@pytest.mark.parametrize(
    "parts",
    [
        ((0, False, b"1"),),
        ((0, False, b"1"), (2, True, b"2")),
        ((1, True, b"2"), (2, False, b"3")),
    ],
)
def test_a_signature_with_a_part_missing_is_not_shown(staff, stories, parts):
    add_parts(stories["declined"], *parts)
    browser = browser_of(staff)
    page = browser.get(f"{LIST}{stories['declined']}/change/").content.decode()
    assert "signature.png" not in page
    assert browser.get(f"{LIST}{stories['declined']}/signature.png").status_code == 404


@pytest.mark.parametrize("image", [b"", b"no picture", jbig.encode(signature_bitmap())[:30]])
def test_what_cannot_be_drawn_is_not_found(staff, stories, image):
    add_parts(stories["declined"], (0, True, image))
    answer = browser_of(staff).get(f"{LIST}{stories['declined']}/signature.png")
    assert answer.status_code == 404
