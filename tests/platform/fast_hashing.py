"""A password hash that costs nothing, in the format of the real one."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FastHasher(PBKDF2PasswordHasher):
    """One iteration; the real hasher can check it and replaces it at the next log-in."""

    iterations = 1
