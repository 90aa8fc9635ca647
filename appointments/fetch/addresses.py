"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

HOST = re.compile(r"[a-z0-9.:_\[\]-]{1,253}", re.I | re.A)
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
BLOCKED = (
    *EXTRA_BLOCKED_NET_RANGES,
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's wire server; Python calls it global
    ipaddress.ip_network("2001::/32"),  # Teredo
    ipaddress.ip_network("2002::/16"),  # 6to4
)
# An interface's name that carries an IPv4 address behind it, whatever its first two bits say.
ISATAP, ISATAP_BITS = 0x00005EFE, 0xFCFFFFFF


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, by the narrowest reading.

    Python 3.11 calls some addresses global that are not, and forms that carry an IPv4 address inside (mapped,
    compatible, 6to4, Teredo, NAT64, ISATAP) may lead back to the inside.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip not in GLOBAL_V6 or (int(ip) >> 32) & ISATAP_BITS == ISATAP:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in BLOCKED)


def endpoint(url: str) -> str:
    """host:port of an address."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}".lower()


def normal(url: str) -> str:
    """The address that is fetched for what a person pasted: webcal is https."""
    url = url.strip()
    for scheme in ("webcal://", "webcals://"):
        if url.lower().startswith(scheme):
            return f"https://{url[len(scheme) :]}"
    return url


def may_be_asked(url: str, *, allowed: frozenset[str]) -> bool:
    """https on 80 or 443, without a user's name in it; whatever is allowed by its exact host:port.

    Says nothing about where the name leads: that is judged when connecting.
    """
    try:
        parts = urlsplit(url)
        asked, port = endpoint(url), parts.port
    except ValueError:
        return False
    # No signing in with the address: the link is the only credential.
    if not parts.hostname or parts.username is not None or not HOST.fullmatch(parts.hostname):
        return False
    if parts.scheme in {"http", "https"} and asked in allowed:
        return True
    return parts.scheme == "https" and port in {None, 80, 443}
