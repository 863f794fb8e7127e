import io
import json

import pytest

from tongbao.app.cli import main

KEY_32 = "0123456789ABCDEFFEDCBA9876543210"


def run(capsys, monkeypatch, *arguments, stdin=""):
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    code = main(["crypto", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_json(capsys, monkeypatch, *arguments, stdin=""):
    code, out, err = run(capsys, monkeypatch, *arguments, "--json", stdin=stdin)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_mac_comes_with_its_steps(capsys, monkeypatch):
    assert run_json(
        capsys, monkeypatch, "mac", "--key", "313215FDA2C4AB4C", "--data", "8DBA2933 C4B6C379"
    ) == {
        "algorithm": "unionpay-ecb",
        "mac": "4237313333423537",
        "text": "B7133B57",
        "folded": "8DBA2933C4B6C379",
        "first": "6B4E7A747AFF4462",
        "mixed": "287A384239CC735B",
        "last": "B7133B57B67CF51A",
    }


@pytest.mark.parametrize(
    ("algorithm", "key", "data", "mac"),
    [
        ("unionpay-ecb-sm4", KEY_32, "962844F42B49EFBEDB20B0C06D060801", "4430363536434443"),
        ("x9.9", KEY_32[:16], b"Now is the time for all ".hex(), "70A30640CC76DD8B"),
        ("x9.19", KEY_32, b"Now is the time for all ".hex(), "A1C72E74EA3FA9B6"),
        ("cmac-aes", "2B7E151628AED2A6ABF7158809CF4F3C", "", "BB1D6929E9593728"),
        (
            "cmac-tdes",
            "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123",
            "",
            "7DB0D37DF936C550",
        ),
    ],
)
def test_every_mac_algorithm(capsys, monkeypatch, algorithm, key, data, mac):
    result = run_json(
        capsys, monkeypatch, "mac", "--algorithm", algorithm, "--key", key, "--data", data
    )
    assert result["mac"] == mac


def test_values_left_out_come_from_standard_input(capsys, monkeypatch):
    result = run_json(capsys, monkeypatch, "mac", stdin="313215FDA2C4AB4C\n8DBA2933C4B6C379\n")
    assert result["text"] == "B7133B57"
    result = run_json(
        capsys, monkeypatch, "mac", "--data", "8DBA2933C4B6C379", stdin="313215FDA2C4AB4C"
    )
    assert result["text"] == "B7133B57"


@pytest.mark.parametrize(
    ("algorithm", "key", "kcv"),
    [
        ("3des", "22" * 16, "00962B60"),
        ("3des", "33" * 8, "ADC67D84"),
        ("sm4", KEY_32, "2677F46B"),
        ("aes", "00" * 16, "66E94BD4"),
        ("hmac-sha256", "00" * 16, "853C7403"),
    ],
)
def test_check_values(capsys, monkeypatch, algorithm, key, kcv):
    result = run_json(capsys, monkeypatch, "kcv", "--algorithm", algorithm, "--key", key)
    assert result == {"algorithm": algorithm, "kcv": kcv}


def test_a_pin_block_is_built_and_opened(capsys, monkeypatch):
    options = ("pinblock", "--key", "22" * 16, "--pan", "1234567890123456")
    assert run_json(capsys, monkeypatch, *options, "--pin", "123456") == {
        "algorithm": "3des",
        "clear": "0612713176FEDCBA",
        "encrypted": "E6895C8570192EC6",
    }
    opened = run_json(capsys, monkeypatch, *options, "--decode", "E6895C8570192EC6")
    assert opened == {"algorithm": "3des", "pin": "123456"}


def test_a_pin_block_without_key_or_card_number_or_for_sm4(capsys, monkeypatch):
    assert run_json(capsys, monkeypatch, "pinblock", "--pin", "123456", "--without-pan") == {
        "algorithm": "3des",
        "clear": "06123456FFFFFFFF",
    }
    sm4 = run_json(
        capsys,
        monkeypatch,
        *("pinblock", "--algorithm", "sm4", "--key", KEY_32),
        stdin="123456\n1234567890123456\n",
    )
    assert sm4["encrypted"] == "17F4E8F0856791EFFD6A5FCEB21A623F"


def test_the_output_for_people(capsys, monkeypatch):
    code, out, _ = run(capsys, monkeypatch, "kcv", "--key", "22" * 16)
    assert (code, out) == (0, "algorithm  3des\nkcv        00962B60\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("kcv", "--key", "22" * 5), "a 3des key of 5 bytes does not exist"),
        (("kcv", "--key", "c0ffee tea"), "the key is not hexadecimal"),
        (("kcv",), "no key: give --key or a line on standard input"),
        (("mac", "--key", "22" * 8, "--data", "0"), "the data is not hexadecimal"),
        (("mac", "--algorithm", "x9.19", "--key", "22" * 8, "--data", ""), "takes a key of 16"),
        (("pinblock", "--pin", "12", "--without-pan"), "a PIN has 4 to 12 digits"),
        (("pinblock", "--pin", "1234", "--pan", "1234"), "fewer than 13 digits"),
        (("pinblock", "--decode", "00" * 8, "--without-pan"), "PIN length"),
        (("pinblock", "--decode", "0" * 8, "--without-pan"), "has 8 bytes"),
    ],
)
def test_bad_input_has_its_own_exit_code_and_is_not_repeated(
    capsys, monkeypatch, arguments, message
):
    code, out, err = run(capsys, monkeypatch, *arguments)
    assert (code, out) == (4, "")
    assert message in err
    assert "Traceback" not in err
    assert "c0ffee" not in err
