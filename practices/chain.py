"""How the record is chained, pure: an entry's text, its hash, a seal's tree over the hashes, and the digest that links seals.

Everything is SHA-256 over text or bytes that can be put together by hand (docs/evidence.md). Hashes are 64 hexadecimal
digits. A tree is built as in RFC 9162: leaves are hashed behind a zero byte, pairs behind a one byte, and a node without a
partner moves up as it is; so a few hashes prove that an entry is under a seal, whatever else is.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

FIRST_LINK = "0" * 64
# Version 1: the digest over the previous one and every entry's hash, line by line. Version 2: over the root of a tree.
LINES, TREE = 1, 2
_LEAF, _NODE = b"\x00", b"\x01"


def canonical(content: Any) -> str:
    """JSON as it is hashed: keys sorted, no spaces, letters as they are."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def moment(at: datetime) -> str:
    """A time as it is hashed: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def sha256(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def commitment(*, salt: bytes, text: str) -> str:
    """Binds a text without telling it: who has the salt can prove the text, and nobody can guess it without."""
    return sha256(salt + text.encode())


def levels(hashes: Sequence[str]) -> list[list[bytes]]:
    """The tree over the hashes, leaves first, the root alone in the last level."""
    tree = [[hashlib.sha256(_LEAF + bytes.fromhex(one)).digest() for one in hashes]]
    while len(tree[-1]) > 1:
        tree.append([_above(tree[-1][start : start + 2]) for start in range(0, len(tree[-1]), 2)])
    return tree


def root(hashes: Sequence[str]) -> str:
    """The root of the tree over at least one hash."""
    return levels(hashes)[-1][0].hex()


def proof(tree: Sequence[Sequence[bytes]], index: int) -> list[str]:
    """The partners of the leaf at `index` on its way up."""
    partners = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            partners.append(level[index ^ 1].hex())
        index //= 2
    return partners


def climbed(entry_hash: str, *, index: int, count: int, partners: Sequence[str]) -> str:
    """The root that a leaf and its partners lead to in a tree of `count` leaves. ValueError for what is no such way."""
    if not 0 <= index < count:
        raise ValueError("the place is outside of the tree")
    node, left = hashlib.sha256(_LEAF + bytes.fromhex(entry_hash)).digest(), list(partners)
    while count > 1:
        if index ^ 1 < count:
            if not left:
                raise ValueError("the way up is too short")
            partner = bytes.fromhex(left.pop(0))
            node = _above([partner, node] if index % 2 else [node, partner])
        index, count = index // 2, (count + 1) // 2
    if left:
        raise ValueError("the way up is too long")
    return node.hex()


def lines_digest(previous: str, hashes: Sequence[str]) -> str:
    """The digest of a seal of version 1."""
    return sha256("\n".join([previous, *hashes]))


def tree_digest(*, practice: int, number: int, at: str, previous: str, count: int, root: str) -> str:
    """The digest of a seal of version 2; `at` as `moment` writes it."""
    return sha256("\n".join(["treffa-seal/2", str(practice), str(number), at, previous, str(count), root]))


def _above(nodes: Sequence[bytes]) -> bytes:
    return hashlib.sha256(_NODE + nodes[0] + nodes[1]).digest() if len(nodes) == 2 else nodes[0]
