"""The simulated disk: seen at once, kept when flushed, and honest about neither."""

import pytest

from tongbao.simulation.agenda import Agenda
from tongbao.simulation.disk import Disk, DiskError
from tongbao.simulation.faults import Fault, Faults


def disk_with(**rates):
    agenda = Agenda()
    faults = Faults(1, {Fault(name): rate for name, rate in rates.items()})
    return Disk("disk", agenda, faults), faults, agenda


def test_what_is_flushed_survives_and_what_is_not_may_be_lost():
    disk, _, _ = disk_with(torn_write=1.0)
    disk.write(("kept",))
    disk.flush()
    disk.write(("lost",))
    assert disk.rows() == ["kept", "lost"]
    disk.crash()
    assert disk.rows() == ["kept"]


def test_a_disk_may_have_been_quicker_than_asked():
    disk, _, _ = disk_with()
    disk.write(("lucky",))
    disk.crash()
    assert disk.rows() == ["lucky"]


def test_a_flush_after_a_failed_one_says_yes_and_keeps_nothing():
    disk, faults, _ = disk_with(flush_failed=1.0)
    disk.write(("first",))
    with pytest.raises(DiskError, match="flush failed"):
        disk.flush()
    faults.active = False
    disk.write(("second",))
    disk.flush()
    assert not disk.is_durable(0)
    assert not disk.is_durable(1)
    disk.crash()
    assert disk.rows() == []


def test_a_full_disk_takes_nothing_until_it_has_room():
    disk, _, agenda = disk_with()
    disk.full_until_us = 10
    with pytest.raises(DiskError, match="full"):
        disk.write(("row",))
    agenda.now_us = 10
    assert disk.write(("row",)) == 0
