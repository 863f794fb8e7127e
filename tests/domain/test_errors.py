import pickle

from tongbao.domain.errors import OperationalError, ProtocolError, Retry


def test_a_protocol_error_names_place_and_rule():
    error = ProtocolError("F35", 42, "the message ends inside the field")
    assert str(error) == "F35 at byte 42: the message ends inside the field"
    assert (error.path, error.offset, error.rule) == (
        "F35",
        42,
        "the message ends inside the field",
    )


def test_an_offset_can_be_told_from_further_out():
    shifted = ProtocolError("F35", 42, "x").shifted(13)
    assert (shifted.path, shifted.offset) == ("F35", 55)


def test_a_protocol_error_travels_between_processes():
    error = pickle.loads(pickle.dumps(ProtocolError("MTI", 0, "x")))
    assert str(error) == "MTI at byte 0: x"


def test_an_operational_error_says_what_helps():
    error = OperationalError(Retry.AFTER, "the disk is full")
    assert (str(error), error.retry) == ("the disk is full", Retry.AFTER)
    assert str(OperationalError(Retry.NEVER)) == "operation failed, retry: never"
