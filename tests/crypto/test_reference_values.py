"""Values of the UnionPay dialect, section 5: published ones, recomputed ones and constructed ones.

The MAC inputs of sets Z and L are not public, and the public dump of set S has a masked card
number, so its F64 cannot verify. Their XOR (R) is known, though, and R alone has the same MAC as
the whole input: every later step is checked from there. The X9.9 and X9.19 rows over Z and L
cannot be.
"""

import pytest

from tongbao.crypto.ciphers import Aes, KeyAlgorithm, Sm4, TripleDes, expand_des_key
from tongbao.crypto.errors import KeyCheckError, KeyLengthError, TrackError, WorkingKeyError
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm, compute_mac, explain_unionpay_ecb, fold_blocks
from tongbao.crypto.pin_block import encode_pin_block
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.crypto.track import decrypt_track, encrypt_track
from tongbao.crypto.working_keys import (
    WorkingKeyLayout,
    build_working_keys,
    layout_for_code,
    parse_working_keys,
)
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose

TDES = KeyAlgorithm.TDES
SM4_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
TMK_E = "11" * 16
TMK_C = "CA5D92598DCA48CE8A4C76361A9269E9"
TMK_L = "CE62D1F28DC50DFD98424413D67E4FA3"
TMK_Z = "70F2A84CCBC2AE8625CBB0F2C22AB923"
TMK_D = "44" * 16

UNWRAPPED = [
    (TMK_E, "950973182317F80B" * 2, "22" * 16, "00962B60"),
    (TMK_E, "F679786E2411E3DE", "33" * 8, "ADC67D84"),
    (TMK_E, "A0C45C59F1E549BB" * 2, "44" * 16, "E2F24340"),
    (TMK_C, "6701EAD6A9AD51E51AA406E2C27FCFA9", "807A23AD32B36D457AE91FDF927570EA", "8D0A74B8"),
    (TMK_C, "B651F9E9BACE9AE1", "5BB5C72CD00B7338", "AB7153CA"),
    (TMK_L, "2D25290B4C47B6EBD247D9C8D8499399", "6EFFEDA2A19DFEAE1143AA892372D5F3", "0A89AB77"),
    (TMK_L, "D6DDA3BED199AB7454D34EFADC5B6704", "9CAA6FBFE5E5A51AE8C99FA2371ACAA9", "1EAF523B"),
    (TMK_L, "535C26152FE4F52D26B64CE60C3A2EFE", "C9A0F37E18EA3FF71E3BDA58ACCEFCE0", "B445E3AA"),
    (TMK_Z, "96D605EA176B7E9E", "C24A8FB57AA20123", None),
    (TMK_D, "84C5491C3834928E7B26B5409A942BCF", "4567C298FB0B045DAB54BF499E10EFCD", None),
    (TMK_D, "C9E3E3B489B520FE", "7F52E3201FDF045E", None),
]


@pytest.mark.parametrize(("tmk", "wrapped", "clear", "kcv"), UNWRAPPED)
def test_a_working_key_unwraps_to_the_known_key_and_check_value(tmk, wrapped, clear, kcv):
    key = TripleDes(bytes.fromhex(tmk)).decrypt(bytes.fromhex(wrapped))
    assert key.hex().upper() == clear
    if kcv is not None:
        assert key_check_value(TDES, key).hex().upper() == kcv


@pytest.mark.parametrize(
    ("algorithm", "key", "kcv"),
    [
        (TDES, TMK_L, "74E7E744"),
        (TDES, "D931648F3DE313A4A22C15DCA4F4299E", "900ECCE3"),
        (TDES, "AB7C577CC7A18045", "CFF1592A"),
        (KeyAlgorithm.SM4, "0123456789ABCDEFFEDCBA9876543210", "2677F46B"),
    ],
)
def test_check_values_of_keys_known_in_clear(algorithm, key, kcv):
    assert key_check_value(algorithm, bytes.fromhex(key)).hex().upper() == kcv


def test_parity_bits_of_a_des_key_do_not_count():
    wrapped = bytes.fromhex("950973182317F80B" * 2)
    assert TripleDes(b"\x10" * 16).decrypt(wrapped) == TripleDes(b"\x11" * 16).decrypt(wrapped)


ECB_MACS = [
    pytest.param(
        "C24A8FB57AA20123",
        "4D08F434464FE7BF",
        "6A4DF084B6D23759",
        "5E7BC4C2F3E5751F",
        "8A9E91B88D839AC5",
        id="Z magnetic sale, single DES",
    ),
    pytest.param(
        "313215FDA2C4AB4C",
        "8DBA2933C4B6C379",
        "6B4E7A747AFF4462",
        "287A384239CC735B",
        "B7133B57B67CF51A",
        id="S contactless sale, the F64 in the dump",
    ),
    pytest.param(
        "9CAA6FBFE5E5A51AE8C99FA2371ACAA9",
        "2BBAF2BFAC60CE3D",
        "93B95F287F9E405B",
        "D2FA69183CDB731F",
        "20DC5C765C29A040",
        id="L IC sale, 3DES",
    ),
    pytest.param(
        "33" * 8,
        "C36A5FAA08CD3896",
        "3AA3871BE24EB99A",
        "0A9BC45FD17680AC",
        "1569DA9C557263A4",
        id="E constructed example",
    ),
]


@pytest.mark.parametrize(("key", "folded", "first", "mixed", "last"), ECB_MACS)
def test_every_step_of_the_ecb_mac_after_the_xor(key, folded, first, mixed, last):
    steps = explain_unionpay_ecb(
        MacAlgorithm.UNIONPAY_ECB, bytes.fromhex(key), bytes.fromhex(folded)
    )
    assert [value.hex().upper() for value in steps] == [folded, first, mixed, last]
    mac = compute_mac(MacAlgorithm.UNIONPAY_ECB, bytes.fromhex(key), bytes.fromhex(folded))
    assert mac == last[:8].encode()


def test_the_ecb_mac_of_z_with_a_double_length_key():
    data = bytes.fromhex("4D08F434464FE7BF")
    assert compute_mac(MacAlgorithm.UNIONPAY_ECB, SM4_KEY, data) == b"84C8B241"


def test_every_step_of_the_sm4_ecb_mac_after_the_xor():
    steps = explain_unionpay_ecb(
        MacAlgorithm.UNIONPAY_ECB_SM4,
        SM4_KEY,
        bytes.fromhex("962844F42B49EFBEDB20B0C06D060801"),
    )
    assert steps.first.hex().upper() == "E8E21CF2A9EB5B3AD2AEB22EA9BC731F"
    assert steps.last.hex().upper() == "D0656CDC7A9D002263671B6D8DF5DACA"
    mac = compute_mac(MacAlgorithm.UNIONPAY_ECB_SM4, SM4_KEY, steps.folded)
    assert mac == b"D0656CDC"


def test_steps_exist_for_the_ecb_macs_only():
    with pytest.raises(ValueError, match=r"x9\.9 has no such steps"):
        explain_unionpay_ecb(MacAlgorithm.X9_9, bytes(8), b"")


def test_folding_pads_with_zeros_and_only_where_needed():
    assert fold_blocks(b"", 8) == 0
    assert fold_blocks(b"\x01", 8) == 0x0100000000000000
    assert fold_blocks(bytes(range(8)) * 3, 8) == int.from_bytes(bytes(range(8)), "big")
    assert fold_blocks(bytes(range(8)) * 4, 8) == 0


PIN_BLOCKS = [
    ("123456", "123456789012345678", "061253DFFEDCBA98"),
    ("123456", "1234567890123456", "0612713176FEDCBA"),
    # A specimen number of an industry specification, put together to keep the tree's own rule.
    ("123456", "541333" + "0002001015", "06120766FFDFFEFE"),
    ("1234", "4111111111111111", "041225EEEEEEEEEE"),
    ("123456", None, "06123456FFFFFFFF"),
]


@pytest.mark.parametrize(("pin", "pan", "block"), PIN_BLOCKS)
def test_clear_pin_blocks(pin, pan, block):
    assert encode_pin_block(pin, pan).hex().upper() == block


@pytest.mark.parametrize(
    ("key", "clear", "encrypted"),
    [
        ("22" * 16, "0612713176FEDCBA", "E6895C8570192EC6"),
        ("807A23AD32B36D457AE91FDF927570EA", "0612713176FEDCBA", "71B3FAB4AD656DBA"),
        ("807A23AD32B36D457AE91FDF927570EA", "06123456FFFFFFFF", "75EC7A5EFA8DBA63"),
    ],
)
def test_encrypted_pin_blocks(key, clear, encrypted):
    block = TripleDes(bytes.fromhex(key)).encrypt(bytes.fromhex(clear))
    assert block.hex().upper() == encrypted


def test_the_sm4_pin_block():
    clear = encode_pin_block("123456", "1234567890123456", block_bytes=16)
    assert clear.hex().upper() == "06123456FFFFFFFFFFFFBA9876FEDCBA"
    assert Sm4(SM4_KEY).encrypt(clear).hex().upper() == "17F4E8F0856791EFFD6A5FCEB21A623F"


def test_track_encryption_takes_the_block_before_the_last_byte():
    track = "1234567890123456789D05082017819991683"
    cipher = TripleDes(b"\x44" * 16)
    encrypted = encrypt_track(cipher, track)
    assert encrypted == "1234567890123456789DF7263E84270BA7583"
    assert decrypt_track(cipher, encrypted) == track


@pytest.mark.parametrize("track", ["1234567890123456", "12=4" * 8])
def test_a_track_that_cannot_be_encrypted_is_refused_without_its_digits(track):
    with pytest.raises(TrackError, match="track") as caught:
        encrypt_track(TripleDes(b"\x44" * 16), track)
    assert "12" not in str(caught.value)


def test_the_end_to_end_example():
    """PIN block and MAC of the constructed magnetic sale with the keys of set E."""
    body = bytes.fromhex(
        "0200302004C020C09811000000000000012345000001021000123762000012345678901"
        "28D3012201000000000003030303030303031313233343536373839303132333435313536"
        "0B1099C8B305175326000000000000000014220000010005013135363944413943"
    )
    store = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
    store.import_key(KeyName("tmk"), KeyBytes(b"\x11" * 16), TDES)
    field62 = bytes.fromhex(
        "950973182317F80B950973182317F80B00962B60F679786E2411E3DE0000000000000000ADC67D84"
        "A0C45C59F1E549BBA0C45C59F1E549BBE2F24340"
    )
    keys = store.unwrap_working_keys(KeyName("tmk"), field62, "work")
    block = store.encrypt_pin(keys.pik, Pin("123456"), Pan("6200001234567890128"))
    assert block.reveal(Purpose.TEST) == bytes.fromhex("0B1099C8B3051753")
    assert fold_blocks(body[:-8], 8) == 0xC36A5FAA08CD3896
    assert store.mac(keys.mak, keys.mac_algorithm, body[:-8]) == b"1569DA9C"
    assert store.verify_mac(keys.mak, keys.mac_algorithm, body[:-8], body[-8:])


PIK = KeyBytes(bytes.fromhex("6EFFEDA2A19DFEAE1143AA892372D5F3"))


def test_a_40_byte_field_with_a_full_mak():
    """Set L: the MAC works with 3DES then."""
    field62 = bytes.fromhex(
        "2D25290B4C47B6EBD247D9C8D84993990A89AB77D6DDA3BED199AB7454D34EFADC5B67041EAF523B"
    )
    tmk = TripleDes(bytes.fromhex(TMK_L))
    keys = parse_working_keys(tmk, TDES, field62)
    assert keys.pik == PIK
    assert keys.mak == KeyBytes(bytes.fromhex("9CAA6FBFE5E5A51AE8C99FA2371ACAA9"))
    assert keys.tdk is None
    assert build_working_keys(tmk, WorkingKeyLayout.DOUBLE_DES, keys) == field62


def test_a_60_byte_field_with_a_short_mak_and_a_track_key():
    """Set E."""
    tmk = TripleDes(b"\x11" * 16)
    field62 = bytes.fromhex(
        "950973182317F80B950973182317F80B00962B60F679786E2411E3DE0000000000000000ADC67D84"
        "A0C45C59F1E549BBA0C45C59F1E549BBE2F24340"
    )
    keys = parse_working_keys(tmk, TDES, field62)
    assert [key.reveal(Purpose.TEST) for key in (keys.pik, keys.mak, keys.tdk)] == [
        b"\x22" * 16,
        b"\x33" * 8,
        b"\x44" * 16,
    ]
    assert build_working_keys(tmk, WorkingKeyLayout.TRACK_KEY_SHORT_MAK, keys) == field62


@pytest.mark.parametrize("layout", WorkingKeyLayout)
def test_every_layout_builds_and_parses(layout):
    tmk = (Sm4 if layout.algorithm is KeyAlgorithm.SM4 else TripleDes)(SM4_KEY)
    store = SoftwareKeyStore.in_memory(KeyBytes(bytes(32)))
    store.import_key(KeyName("tmk"), KeyBytes(SM4_KEY), layout.algorithm)
    counter = iter(range(1, 100))
    field62 = store.make_working_keys(
        KeyName("tmk"), layout, "session/1", lambda size: bytes([next(counter)]) * size
    )
    assert len(field62) == layout.field_bytes
    keys = parse_working_keys(tmk, layout.algorithm, field62)
    assert keys.pik.reveal(Purpose.TEST) == b"\x01" * layout.pik_bytes
    assert keys.mak.reveal(Purpose.TEST) == b"\x02" * layout.mak_bytes
    assert (keys.tdk is not None) == layout.has_track_key
    assert build_working_keys(tmk, layout, keys) == field62


def test_field_lengths_by_sign_in_code():
    lengths = {code: layout_for_code(code).field_bytes for code in ("001", "003", "004", "006")}
    assert lengths == {"001": 24, "003": 40, "004": 60, "006": 60}
    with pytest.raises(WorkingKeyError):
        layout_for_code("005")


@pytest.mark.parametrize("length", [0, 23, 25, 41, 56, 84, 104])
def test_an_unknown_length_of_field_62_is_refused(length):
    with pytest.raises(WorkingKeyError, match=f"of {length} bytes"):
        parse_working_keys(TripleDes(bytes(16)), TDES, bytes(length))


def test_a_field_of_any_flipped_bit_is_refused_or_another_layout():
    field62 = bytes.fromhex(
        "2D25290B4C47B6EBD247D9C8D84993990A89AB77D6DDA3BED199AB7454D34EFADC5B67041EAF523B"
    )
    tmk = TripleDes(bytes.fromhex(TMK_L))
    for bit in range(len(field62) * 8):
        flipped = (int.from_bytes(field62, "big") ^ (1 << bit)).to_bytes(40, "big")
        with pytest.raises(KeyCheckError):
            parse_working_keys(tmk, TDES, flipped)


def test_single_des_is_three_times_the_same_key():
    assert expand_des_key(b"ABCDEFGH") == b"ABCDEFGH" * 3
    assert expand_des_key(b"ABCDEFGHabcdefgh") == b"ABCDEFGHabcdefghABCDEFGH"
    assert expand_des_key(bytes(range(24))) == bytes(range(24))


@pytest.mark.parametrize(
    ("cipher", "length"), [(TripleDes, 0), (TripleDes, 7), (TripleDes, 32), (Aes, 8), (Sm4, 24)]
)
def test_a_key_of_the_wrong_length_is_refused(cipher, length):
    with pytest.raises(KeyLengthError, match=f"of {length} bytes"):
        cipher(bytes(length))
