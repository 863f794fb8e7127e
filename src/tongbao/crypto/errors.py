"""What can go wrong with keys, MACs and PIN blocks; no text here ever holds key or PIN material."""

from __future__ import annotations


class CryptoError(Exception):
    """Base of every error of this package."""


class KeyLengthError(CryptoError):
    """A key has a length that its algorithm does not know; the text holds the length only."""


class KeyCheckError(CryptoError):
    """A check value does not belong to the key that came with it; nothing was loaded."""


class WorkingKeyError(CryptoError):
    """A working-key field (F62 of a sign-in reply) has no known layout; nothing was loaded."""


class PinBlockError(CryptoError):
    """A PIN block is not one: wrong length, control digit, PIN length or fill."""


class TrackError(CryptoError):
    """A track is too short to be encrypted, or what was decrypted is no track 2."""


class SealedPanError(CryptoError):
    """A sealed card number is not what was sealed: another key, another context or changed."""


class TransportError(CryptoError):
    """A key under an RSA key cannot be opened, or the RSA key is not one; nothing was loaded."""


class KeyUseError(CryptoError):
    """A key was asked to do what keys of its algorithm do not do; the text holds its name."""


class UnknownKeyError(CryptoError):
    """The store holds no key of that name; the text holds the name."""


class KeyStoreError(CryptoError):
    """The key store or one of its files cannot be used; nothing was loaded."""


class WrongMasterKeyError(KeyStoreError):
    """The keys were written under another master key (or the check value was altered)."""


class KeyFileDamagedError(KeyStoreError):
    """The key file or a wrapped key is not what was written: cut, edited or moved."""


class KeyFilePermissionError(KeyStoreError):
    """A file with key material can be read by others than its owner."""
