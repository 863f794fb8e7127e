"""The stage of the demo: it is set again when somebody took a port, and only then."""

from __future__ import annotations

import pytest

from tongbao.app.demo import stage
from tongbao.app.processes import PartFailedError


def test_a_port_that_was_taken_meanwhile_means_another_try_in_a_new_folder(tmp_path, monkeypatch):
    folders = []

    def start(folder, database_url, stack):
        folders.append(folder.name)
        stack.callback(lambda: folders.append("stopped"))
        if len(folders) < 3:
            raise PartFailedError("host ended with code 3: address already in use")
        return "a stage"

    monkeypatch.setattr(stage, "_start", start)
    with stage.set_stage(tmp_path, None) as ready:
        assert ready == "a stage"
        assert folders == ["world-1", "stopped", "world-2"]
    assert folders[-1] == "stopped"


@pytest.mark.parametrize(
    ("text", "tries"), [("address already in use", 3), ("the key file is damaged", 1)]
)
def test_a_part_that_does_not_start_is_said_after_a_bounded_number_of_tries(
    tmp_path, monkeypatch, text, tries
):
    seen = []

    def start(folder, database_url, stack):
        seen.append(folder)
        raise PartFailedError(text)

    monkeypatch.setattr(stage, "_start", start)
    with pytest.raises(PartFailedError), stage.set_stage(tmp_path, None):
        pass
    assert len(seen) == tries
