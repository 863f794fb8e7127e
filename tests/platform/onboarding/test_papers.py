"""Uploads are looked at by content, kept sealed, and shown to nobody without access."""

import io
import sqlite3
from contextlib import closing

import pytest
from PIL import Image

from tests.platform.onboarding.conftest import NOON_US, fill_in, person, picture, reviewer
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.onboarding.findings import FINDINGS
from tongbao.platform.onboarding.paper_content import SIZE_MAX_BYTES, PaperRefusedError, inspect
from tongbao.platform.onboarding.tiers import PaperKind, Tier

PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def one_colour(size, kind="PNG"):
    target = io.BytesIO()
    Image.new("L", size, 240).save(target, kind)
    return target.getvalue()


FAULTS = [
    (b"", "a.jpg", "paper_empty"),
    (b"\xff\xd8\xff" + bytes(SIZE_MAX_BYTES), "a.jpg", "paper_too_large"),
    (b"MZ\x90\x00", "a.exe", "paper_type"),
    (b"MZ\x90\x00", "a.jpg", "paper_not_what_it_says"),
    (b"<svg onload=alert(1)>", "a.png", "paper_not_what_it_says"),
    (picture(), "a.pdf", "paper_not_what_it_says"),
    (picture()[:500], "a.jpg", "paper_damaged"),
    (b"\x89PNG\r\n\x1a\n" + bytes(50), "a.png", "paper_damaged"),
    (PDF[:-8], "a.pdf", "paper_damaged"),
    (PDF.replace(b"<<>>", b"<</Encrypt 1>>"), "a.pdf", "paper_pdf_locked"),
    (picture(size=(1_200, 599)), "a.jpg", "paper_too_small"),
    (one_colour((8_000, 6_500)), "a.png", "paper_too_many_pixels"),
    (one_colour((16_000, 16_000)), "a.png", "paper_too_many_pixels"),
    (one_colour((900, 700)), "a.png", "paper_blank"),
]


@pytest.mark.parametrize(("content", "name", "code"), FAULTS, ids=lambda one: str(one)[:24])
def test_each_planted_fault_of_an_upload_has_its_own_code_and_words(content, name, code):
    with pytest.raises(PaperRefusedError) as refused:
        inspect(content, name)
    assert refused.value.code == code
    assert FINDINGS[code].words.zh


def test_good_uploads_are_known_by_their_content():
    assert inspect(picture(), "A.JPEG").media_type == "image/jpeg"
    good = inspect(picture(kind="PNG"), "a.png")
    assert (good.media_type, good.width_px, good.height_px) == ("image/png", 900, 700)
    assert inspect(PDF, "a.pdf").media_type == "application/pdf"


def test_a_paper_lies_sealed_in_the_database_and_opens_for_its_owner(django_sqlite, world):
    from tongbao.platform.onboarding import papers
    from tongbao.platform.onboarding.models import Paper

    del world
    owner = person()
    application_id = fill_in(owner)
    content = picture("lin id_front")
    paper = Paper.objects.get(application_id=application_id, kind="id_front")
    assert papers.open_paper(owner, paper.pk, now_us=NOON_US).content == content
    with closing(sqlite3.connect(django_sqlite.removeprefix("sqlite:///"))) as connection:
        [(sealed,)] = connection.execute(
            "SELECT sealed FROM onboarding_paper WHERE paper_id = ?", (paper.pk,)
        )
        secrets = connection.execute("SELECT secrets_sealed, data FROM onboarding_application")
        [(sealed_secrets, data)] = secrets
    assert content[20:60] not in sealed
    assert len(sealed) == len(content) + 29
    assert b"11010119900307" not in sealed_secrets
    assert "11010119900307" not in data


def test_nobody_else_opens_a_paper_and_each_try_is_written_down_once(django_sqlite, world):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.onboarding import papers
    from tongbao.platform.onboarding.models import Paper

    del django_sqlite, world
    application_id = fill_in(person())
    paper = Paper.objects.filter(application_id=application_id).first()
    for stranger in (person("other"), reviewer("fleet", StaffRole.FLEET)):
        before = AuditEntry.objects.count()
        with pytest.raises(AccessDeniedError):
            papers.open_paper(stranger, paper.pk, now_us=NOON_US)
        assert AuditEntry.objects.count() == before + 1


def test_a_newer_paper_of_a_kind_takes_the_place_and_one_not_wanted_is_refused(
    django_sqlite, world
):
    from tongbao.platform.onboarding import papers
    from tongbao.platform.onboarding.models import Application

    del django_sqlite, world
    owner = person()
    application_id = fill_in(owner)
    newer = papers.Upload(PaperKind.ID_FRONT, r"C:\pictures\new.jpg", picture("newer"))
    added = papers.add(owner, application_id, newer, now_us=NOON_US + 1)
    assert added.file_name == "new.jpg"
    application = Application.objects.get(pk=application_id)
    kept = [one.pk for one in papers.papers_of(application) if one.kind == "id_front"]
    assert kept == [added.pk]
    licence = papers.Upload(PaperKind.LICENCE, "a.jpg", picture("licence"))
    with pytest.raises(PaperRefusedError, match="paper_kind_not_wanted"):
        papers.add(owner, application_id, licence, now_us=NOON_US)
    assert Tier(application.tier) is Tier.MICRO
