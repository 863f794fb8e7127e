import subprocess
import sys

import pytest

from tongbao.app import cli

SIGN_IN = (
    "003C600401000060310031000108000020000000C00012000029363239363930303233303133313030343839"
    "393030303100110000013200300003303031"
)


def tongbao(*arguments, **options):
    command = [sys.executable, "-m", "tongbao", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_noun_that_does_not_exist_is_wrong_usage():
    done = tongbao("settel")
    assert done.returncode == 2
    assert "invalid choice: 'settel'" in done.stderr


def test_no_noun_at_all_is_wrong_usage():
    assert tongbao().returncode == 2


def test_help_lists_every_noun():
    text = tongbao("--help").stdout
    assert [noun for noun in cli.NOUNS if noun not in text] == []


@pytest.mark.parametrize("noun", list(cli.NOUNS))
def test_every_noun_explains_itself(noun):
    done = tongbao(noun, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: tongbao {noun}")


def test_a_reader_that_goes_away_is_no_crash():
    command = f"{sys.executable} -m tongbao iso8583 decode | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        input=f"{SIGN_IN}\n" * 2000,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] in {"0", "141"}
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_quietly(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        cli.argparse.ArgumentParser,
        "parse_args",
        lambda *_: cli.argparse.Namespace(run=interrupted),
    )
    assert cli.main(["iso8583", "decode"]) == 130
