"""Random messages of a dialect, from its own table."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import Kind

# A busy machine is slow now and then; these tests are about bytes, not about time.
steady = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DIGITS = "0123456789"
ASCII = "".join(map(chr, range(128)))


def _lengths(spec, longest):
    if spec.prefix == 0:
        return spec.length, spec.length
    return 0, min(spec.length, longest)


def field_values(spec, longest=60):
    """Values that the field can carry, as decoding would return them (secrets unwrapped)."""
    low, high = _lengths(spec, longest)
    if spec.kind is Kind.NUMERIC:
        return st.text(DIGITS, min_size=low, max_size=high)
    if spec.kind is Kind.TRACK:
        return st.text(DIGITS + "ABCDEF", min_size=low, max_size=high)
    if spec.kind is Kind.TEXT:
        return st.text(ASCII, min_size=low, max_size=high)
    if spec.kind is Kind.GBK_TEXT:
        return st.one_of(
            st.text(ASCII, max_size=high),
            st.text("通宝交易成功，。Ａ" + DIGITS, max_size=high // 2),
        )
    return st.binary(min_size=low, max_size=high)


@st.composite
def messages(draw, dialect, longest=60, with_pads=True):
    """Messages with any set of fields and, now and then, unusual pad nibbles."""
    numbers = draw(st.sets(st.sampled_from(sorted(dialect.specs)), max_size=24))
    fields = {n: draw(field_values(dialect.specs[n], longest)) for n in sorted(numbers)}
    pads = {}
    for number, value in fields.items():
        packed = dialect.specs[number].kind in (Kind.NUMERIC, Kind.TRACK)
        if with_pads and packed and len(value) % 2 and draw(st.booleans()):
            pads[number] = draw(st.sampled_from("123456789ABCDEF"))
    mti = draw(st.text(DIGITS, min_size=4, max_size=4))
    return Message(mti, fields, pads)
