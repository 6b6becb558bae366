"""Secrets of participants: personal tokens, keyed hashes of panel ids, and their encryption.

All keys come from ``IDENTITY_KEY`` by HKDF (RFC 5869), one a purpose, so that no value of one kind can stand in for
another. The study and the mode are part of every hash: one person's hashes in two studies cannot be matched.
"""

import base64
import hashlib
import hmac
import ipaddress
import json
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet
from cryptography.fernet import InvalidToken as InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from surveys.models import Study

TOKEN_BYTES = 16


def new_token() -> str:
    """A personal token: 128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def panel_token(study: Study, mode: str, panel_id: str) -> str:
    """The personal token of somebody whom a panel sent: always the same one for the same panel id.

    Only a token's hash is stored, so a random one could not be given again to somebody who comes back by the panel's
    link on another device, and the link that they kept would have to die. 128 bits of a keyed hash tell no more than
    random ones without ``IDENTITY_KEY``.
    """
    digest = _digest("personal token", study, mode, panel_id)
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def page_mark(token: str) -> str:
    """What the forms on somebody's pages carry, so that none is taken for another person's: 22 characters.

    The same on every page of one person. It tells nothing of the token, and nobody can act for anybody by it.
    """
    digest = hmac.digest(_key(settings.IDENTITY_KEY, "page mark"), token.encode("utf-8", "replace"), "sha256")
    return base64.urlsafe_b64encode(digest[:TOKEN_BYTES]).rstrip(b"=").decode()


def keyed_hash(study: Study, mode: str, value: str) -> str:
    """HMAC-SHA-256 of a panel's id for a person or a submission, in hexadecimal; of no use without the key."""
    return _digest("panel id", study, mode, value).hex()


def network_hash(study: Study, mode: str, address: str, browser: str) -> str:
    """HMAC-SHA-256 of where a browser is and what it calls itself, in hexadecimal, for this study and mode alone.

    Of an IPv6 address the first 64 bits, since a device changes the others from hour to hour. '' for an address that
    is none, or that is this machine's own, as behind a proxy that does not say whom it serves.
    """
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if found.is_loopback or found.is_unspecified:
        return ""
    network = ipaddress.ip_network(f"{found}/{64 if found.version == 6 else 32}", strict=False)
    return _digest("network and browser", study, mode, f"{network} {browser}").hex()


def address_hash(email: str) -> str:
    """HMAC-SHA-256 of an e-mail address, whatever its case, in hexadecimal; of no use without the key."""
    address = email.strip().lower().encode("utf-8", "replace")
    return hmac.digest(_key(settings.IDENTITY_KEY, "sign-in address"), address, "sha256").hex()


def seal(text: str) -> bytes:
    """The text, encrypted and authenticated (Fernet), as URL-safe bytes."""
    return _fernet(settings.IDENTITY_KEY).encrypt(text.encode())


def unseal(sealed: bytes) -> str:
    """What was sealed. Raises ``InvalidToken`` if it was changed, or sealed with another ``IDENTITY_KEY``."""
    return _fernet(settings.IDENTITY_KEY).decrypt(sealed).decode()


def _digest(purpose: str, study: Study, mode: str, value: str) -> bytes:
    # JSON keeps the parts apart: a mode cannot run over into the value.
    message = json.dumps([study.key, str(mode), value], ensure_ascii=True, separators=(",", ":"))
    return hmac.digest(_key(settings.IDENTITY_KEY, purpose), message.encode(), "sha256")


@lru_cache(maxsize=8)
def _key(secret: str, purpose: str) -> bytes:
    derived: bytes = HKDF(SHA256(), 32, salt=None, info=f"studyweb {purpose}".encode()).derive(secret.encode())
    return derived


@lru_cache(maxsize=2)
def _fernet(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(secret, "encryption of panel ids")))
