"""What the sandbox keeps: JSON documents by kind and id, in one SQLite file or in memory."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

Document = dict[str, Any]

TABLE = """
CREATE TABLE IF NOT EXISTS documents (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (kind, id)
)
"""


class Store:
    """Writes through on every put; the parts read it once, when they start. Safe to use from several threads."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(TABLE)

    def put(self, *, kind: str, id: str, data: Document) -> None:
        statement = (
            "INSERT INTO documents (kind, id, data) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data"
        )
        with self._lock:
            self._database.execute(statement, (kind, id, json.dumps(data)))

    def remove(self, *, kind: str, id: str) -> None:
        with self._lock:
            self._database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id))

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, in the order in which they first came."""
        with self._lock:
            rows = self._database.execute(
                "SELECT data FROM documents WHERE kind = ? ORDER BY sequence", (kind,)
            ).fetchall()
        return [json.loads(data) for (data,) in rows]

    def clear(self, kind: str) -> None:
        with self._lock:
            self._database.execute("DELETE FROM documents WHERE kind = ?", (kind,))

    def close(self) -> None:
        with self._lock:
            self._database.close()
