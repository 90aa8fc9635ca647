"""Envelope encryption with AES-256-GCM (NIST SP 800-38D). Keys are 32 random bytes; ciphertext is nonce (12 bytes) + text + tag.

Master keys (environment) wrap practice keys; a practice's key wraps its patients' keys and seals its documents and
secrets. The context (associated data) names what a ciphertext belongs to, so that it opens nowhere else.
"""

import base64
import os
from functools import lru_cache
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12
KEY_BYTES = 32
_MARK_BYTES = 4


def seal(*, key: bytes, plaintext: bytes, context: str) -> bytes:
    """Encrypts and authenticates. The same context must be given to open it."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context.encode())


def unseal(*, key: bytes, sealed: bytes, context: str) -> bytes:
    """Opens what `seal` made. Raises cryptography.exceptions.InvalidTag for a wrong key, context or altered bytes."""
    sealed = bytes(sealed)
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())


def new_practice_key() -> bytes:
    """A fresh practice key, wrapped by the first master key: mark of the master key (4 bytes) + sealed key."""
    master = _master_keys()[0]
    return _mark(master) + seal(key=master, plaintext=os.urandom(KEY_BYTES), context="practice-key")


def practice_key(wrapped: bytes) -> bytes:
    """The practice's key. LookupError where no configured master key fits."""
    return _open_practice_key(bytes(wrapped))


def new_patient_key(*, practice: bytes) -> bytes:
    """A fresh patient key, wrapped by the practice's (unwrapped) key."""
    return seal(key=practice, plaintext=os.urandom(KEY_BYTES), context="patient-key")


def patient_key(*, practice: bytes, wrapped: bytes) -> bytes:
    """The patient's key, by the practice's (unwrapped) key."""
    return unseal(key=practice, sealed=wrapped, context="patient-key")


@lru_cache(maxsize=4096)
def _open_practice_key(wrapped: bytes) -> bytes:
    for master in _master_keys():
        if _mark(master) == wrapped[:_MARK_BYTES]:
            return unseal(key=master, sealed=wrapped[_MARK_BYTES:], context="practice-key")
    raise LookupError("no configured master key opens this practice's key")


def _master_keys() -> list[bytes]:
    return [base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for text in settings.MASTER_KEYS]


def _mark(master: bytes) -> bytes:
    return sha256(b"treffa master key" + master).digest()[:_MARK_BYTES]
