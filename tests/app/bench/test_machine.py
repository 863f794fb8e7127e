import os
import time

import pytest

from tongbao.app.bench.machine import (
    flush_time_us,
    machine_cpu_s,
    machine_facts,
    process_cpu_s,
)


def test_the_flush_probe_measures_and_leaves_nothing(tmp_path):
    assert flush_time_us(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_cpu_time_of_a_process_grows_with_its_work():
    before = process_cpu_s(os.getpid())
    busy_before, total_before = machine_cpu_s()
    deadline = time.process_time() + 0.1
    while time.process_time() < deadline:
        pass
    busy_after, total_after = machine_cpu_s()
    assert process_cpu_s(os.getpid()) - before == pytest.approx(0.1, abs=0.05)
    assert 0 < busy_after - busy_before <= total_after - total_before + 0.001


def test_the_facts_name_versions_and_processor():
    facts = machine_facts()
    assert facts["processors"] == os.cpu_count()
    assert all(facts[name] for name in ("cpu", "system", "python", "sqlite", "cryptography"))
