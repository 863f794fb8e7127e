"""Second factors for tests: codes of an authenticator app, and codes good once each."""

from __future__ import annotations

import base64
import hmac
import struct

from tongbao.domain.secrets import KeyBytes
from tongbao.platform.project import run_with
from tongbao.platform.sealing import DataKey

DATA_KEY = bytes(range(32))
# 160 bits in base 32, as an authenticator app keeps them.
SECRET = base64.b32encode(bytes(range(20))).decode()
CODES = [f"{number:08}" for number in range(10_000_000, 10_000_040)]


def totp_code(secret: str, at_s: float) -> str:
    """Return an app's code, RFC 6238 with SHA-1, six digits and 30 seconds."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.digest(key, struct.pack(">Q", int(at_s) // 30), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}"


def give_second_factor(database_url: str, name: str) -> list[str]:
    """Give a person an app with `SECRET` and many recovery codes, and return these."""
    key = DataKey(KeyBytes(DATA_KEY))

    def sealed(text: str) -> str:
        return key.seal(text.encode(), "mfa_authenticator/secret").hex()

    def work(alias: str) -> None:
        from allauth.mfa.models import Authenticator

        from tongbao.platform.accounts.models import User

        user = User.objects.using(alias).get(username=name)
        made = Authenticator.objects.using(alias)
        made.create(user=user, type="totp", data={"secret": sealed(SECRET)})
        codes = [sealed(code) for code in CODES]
        made.create(user=user, type="recovery_codes", data={"migrated_codes": codes})

    run_with(database_url, work)
    return list(CODES)
