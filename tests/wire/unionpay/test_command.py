"""`tongbao iso8583`: the pipes, run for real."""

import json
import subprocess
import sys

import pytest

from tests.wire.samples import BY_NAME, VECTORS, frame_of

HEX_LINES = "".join(vector["hex"] + "\n" for vector in VECTORS)


def run(*arguments, stdin, encoding="utf-8"):
    process = subprocess.run(
        [sys.executable, "-m", "tongbao", "iso8583", *arguments],
        input=stdin if isinstance(stdin, bytes) else stdin.encode(encoding),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return process.returncode, process.stdout.decode("utf-8"), process.stderr.decode("utf-8")


@pytest.fixture(scope="module")
def decoded():
    code, out, err = run("decode", "--show-card-data", stdin=HEX_LINES)
    assert (code, err) == (0, "")
    return out


def test_decode_gives_one_object_a_line_with_the_listed_values(decoded):
    objects = [json.loads(line) for line in decoded.splitlines()]
    assert len(objects) == len(VECTORS)
    for found, vector in zip(objects, VECTORS, strict=True):
        fields = dict(vector["fields"])
        assert found["mti"] == fields.pop("mti")
        assert found["fields"] == fields
        assert found["tpdu"] == vector.get("tpdu")
        assert found["header"] == vector.get("header")
        assert set(found) <= {"mti", "tpdu", "header", "framing", "fields", "pads"}


def test_encode_gives_the_same_bytes_back(decoded):
    assert run("encode", stdin=decoded) == (0, HEX_LINES, "")


def test_encode_takes_entries_of_the_vectors_file():
    entries = [v for v in VECTORS if v["name"] != "sale_req_contactless_with_known_mak"]
    stdin = "\n".join(json.dumps(entry) for entry in entries)
    assert run("encode", stdin=stdin) == (0, "".join(e["hex"] + "\n" for e in entries), "")


def test_decode_masks_card_data_unless_told_otherwise():
    code, out, err = run("decode", stdin=HEX_LINES)
    assert (code, err) == (0, "")
    for vector in VECTORS:
        for number in ("2", "35", "52", "55", "59"):
            secret = vector["fields"].get(number)
            assert not secret or secret not in out
    code, hex_lines, err = run("encode", stdin=out.splitlines()[12])
    assert (code, hex_lines) == (4, "")
    assert err == (
        "line 1: F2 at byte 0: the value is masked;"
        " decode with --show-card-data to encode it again\n"
    )


def test_spaces_case_blank_lines_and_a_byte_order_mark_do_not_matter():
    spaced = frame_of(BY_NAME["signoff_resp_0830"]).hex(" ")
    code, out, err = run("decode", stdin="\ufeff\n" + spaced + "\r\n\n  \t\n" + spaced.upper())
    assert (code, err) == (0, "")
    assert [json.loads(line)["mti"] for line in out.splitlines()] == ["0830", "0830"]


def test_a_bad_line_is_reported_and_the_others_are_processed():
    good = BY_NAME["signoff_resp_0830"]["hex"]
    sale = BY_NAME["sale_req_magstripe_storicard"]["hex"]
    stdin = "\n".join([good, "zz", good[:-1], sale[:60], good, "密", ""])
    code, out, err = run("decode", stdin=stdin)
    assert code == 4
    assert len(out.splitlines()) == 2
    assert err.splitlines() == [
        "line 2: hex at byte 0: not a hex digit",
        "line 3: hex at byte 75: an odd count of hex digits",
        "line 4: F35 at byte 26: the message ends inside the field",
        "line 6: hex at byte 0: not a hex digit",
    ]


def test_bytes_that_are_no_text_are_a_bad_line():
    code, out, err = run("decode", stdin=b"\xff\xfe\n")
    assert (code, out, err) == (4, "", "line 1: hex at byte 0: not a hex digit\n")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ('{"mti": "0200", ', "line 1: JSON at byte 15: not valid JSON"),
        ("[" * 100_000, "line 1: JSON at byte 0: not valid JSON"),
        ("7", "line 1: JSON at byte 0: the line must be an object"),
        ('{"mti":"0200","fields":{"2":"62x"}}', "line 1: F2 at byte 10: the value must be decimal"),
    ],
)
def test_encode_reports_what_it_cannot_use(line, text):
    code, out, err = run("encode", stdin=line)
    assert (code, out) == (4, "")
    assert err.startswith(text)


def test_bytes_that_are_no_gbk_survive_the_pipes():
    wire = "0210" + "0000000000000002" + "0004435550BD"
    code, out, _ = run("decode", stdin=wire)
    assert code == 0
    assert json.loads(out)["raw"] == {"63": "435550BD"}
    assert run("encode", stdin=out) == (0, wire + "\n", "")


def test_describe_speaks_both_languages_and_hides_card_data():
    code, out, err = run("describe", stdin=HEX_LINES)
    assert (code, err) == (0, "")
    assert out.count("MTI  消息类型 message type: ") == len(VECTORS)
    for vector in VECTORS:
        for number in ("2", "35", "52", "55", "59"):
            secret = vector["fields"].get(number)
            assert not secret or secret not in out


def test_a_verb_is_needed():
    code, _, err = run(stdin="")
    assert code == 2
    assert "usage" in err
