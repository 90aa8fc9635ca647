"""The story's last step: the evidence record is made on the dashboard, verifies on its own, and tampered with does not."""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from django.conf import settings

from practices import evidence
from treffa.demo.visitor import Visitor

TIMEOUT_S = 60


class NotProvenError(Exception):
    """A file that should verify does not, or the other way round; the text says which."""


def prove(staff: Visitor, *, case_id: int) -> dict[str, object]:
    """Has the file made and checks it as anybody would, then with one byte of each member changed. What was seen."""
    page = staff.get(f"/cases/{case_id}/")
    content = staff.download(page, page.form(action="/evidence/"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence.zip"
        code, said = _verify(path, content)
        if code != 0:
            raise NotProvenError(f"the evidence file does not verify: {said}")
        for name in evidence.MEMBERS:
            code, said = _verify(path, _tampered(content, name))
            if code != 1 or name not in said:
                raise NotProvenError(f"a changed byte of {name} was not found: {said}")
    return {"bytes": len(content), "tampered": list(evidence.MEMBERS)}


def _verify(path: Path, content: bytes) -> tuple[int, str]:
    """The command in a process that has neither a database nor any setting of ours."""
    path.write_bytes(content)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify_record", str(path)]
    done = subprocess.run(command, env={}, cwd=path.parent, capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.returncode, (done.stdout + done.stderr).strip()


def _tampered(content: bytes, name: str) -> bytes:
    """The same ZIP, but for one byte in the middle of a member."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
        for about in old.infolist():
            data = bytearray(old.read(about))
            if about.filename == name:
                data[len(data) // 2] ^= 1
            new.writestr(about, bytes(data))
    return target.getvalue()
