import dataclasses
import json

import pytest

from tongbao.app.bench import sale
from tongbao.app.bench.durability import DurabilityReport
from tongbao.app.bench.plan import LoadReport
from tongbao.app.bench.sale import run_sale_benchmark
from tongbao.app.bench.stage import BenchFailedError, BenchOptions, BenchResult
from tongbao.app.cli import main
from tongbao.app.commands.bench import describe

LOAD = LoadReport(
    window_s=2.0,
    sales=1000,
    p50_ms=1.0,
    p95_ms=2.0,
    p99_ms=3.0,
    max_ms=4.0,
    host_cpu_s=0.08,
    load_cpu_s=0.05,
    machine_busy_percent=80.0,
    issuer_messages=1200,
    unanswered=0,
)
BOOKS = DurabilityReport(acknowledged=1200, durable=1200, approved=1200, missing=())


def test_two_seconds_with_eight_terminals_are_green_on_sqlite(tmp_path, monkeypatch, capsys):
    """The whole of it: real host, real TLS, real generator, real books."""
    monkeypatch.chdir(tmp_path)
    code = main(
        [
            *("bench", "sale", "--terminals", "8", "--seconds", "2"),
            *("--warmup-seconds", "0.2", "--json", "--tls"),
        ]
    )
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    figures = json.loads(captured.out)
    wanted = {
        *("sales_per_s", "p50_ms", "p95_ms", "p99_ms", "host_cpu_us_per_sale", "flush_us"),
        *("acknowledged", "durable", "seed", "machine"),
    }
    assert wanted <= figures.keys()
    assert figures["acknowledged"] == figures["durable"] > 100
    assert figures["wrong_answers"] == figures["unanswered"] == 0
    assert 0 < figures["p50_ms"] <= figures["p95_ms"] <= figures["p99_ms"] <= figures["max_ms"]
    assert figures["host_cpu_us_per_sale"] > 0
    assert (figures["terminals"], figures["tls"], figures["store"]) == (8, True, "sqlite")
    # Nothing is left behind.
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(BenchFailedError, match="not empty"):
        run_sale_benchmark(BenchOptions(folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("load", "books", "host_exit_code", "fault"),
    [
        ({"wrong": {"code 91": 3}}, {}, 0, "3 answers were wrong: code 91"),
        ({"sales": 0}, {}, 0, "no sale was approved in the measured window"),
        ({"unanswered": 2}, {}, 0, "2 sales were never answered"),
        (
            {},
            {"durable": 1199, "missing": ("00000001/1/2",)},
            0,
            "1 acknowledged sales are not durable, for instance 00000001/1/2",
        ),
        ({}, {}, 74, "the host ended with code 74"),
    ],
)
def test_what_makes_figures_worthless_is_said(load, books, host_exit_code, fault):
    faults = sale._faults(
        dataclasses.replace(LOAD, **load), dataclasses.replace(BOOKS, **books), host_exit_code
    )
    assert faults == [fault]


def test_a_good_run_has_no_faults():
    more = dataclasses.replace(BOOKS, approved=1203)
    assert sale._faults(LOAD, more, 0) == []


def result(books=BOOKS, faults=()):
    machine = {
        "cpu": "Some Processor",
        "processors": 2,
        "system": "Linux 6",
        "python": "3.11.7",
        "sqlite": "3.40.1",
        "postgresql": None,
        "cryptography": "50.0.2",
        "uvloop": "0.23.0",
        "tongbao": "0.1.0",
        "commit": None,
    }
    figures = sale._figures(BenchOptions(), LOAD, books, 150.04, machine)
    return BenchResult(figures=figures, faults=list(faults))


def test_the_figures_for_people():
    assert describe(result()).splitlines() == [
        "500 flushed sales a second (1,000 in 2.0 s)",
        "",
        "latency   p50 1.00 ms   p95 2.00 ms   p99 3.00 ms   max 4.00 ms",
        "CPU       host 80.0 µs a sale, load generator 50.0 µs, machine 80 % busy",
        "books     acknowledged 1,200 = durable 1,200 (on their way at the end: 0)",
        "answers   0 wrong, 0 missing",
        "load      256 terminals, TLS on, issuer standin, seed 1",
        "store     SQLite 3.40.1, one flush of 4 KB takes 150 µs",
        "machine   Some Processor, 2 processors, Linux 6",
        "versions  Python 3.11.7, uvloop 0.23.0, cryptography 50.0.2, Tongbao 0.1.0 (no checkout)",
    ]


def test_lost_sales_are_shouted():
    text = describe(result(dataclasses.replace(BOOKS, durable=1000)))
    assert "acknowledged 1,200, DURABLE ONLY 1,000" in text


def test_faults_go_to_standard_error_and_fail_the_run(monkeypatch, capsys):
    monkeypatch.setattr(sale, "run_sale_benchmark", lambda _: result(faults=["something broke"]))
    assert main(["bench", "sale", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["sales_per_s"] == 500.0
    assert "something broke" in captured.err


@pytest.mark.parametrize(
    "arguments", [("--terminals", "0"), ("--seconds", "-1"), ("--store", "mysql")]
)
def test_wrong_options_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["bench", "sale", *arguments])
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err
