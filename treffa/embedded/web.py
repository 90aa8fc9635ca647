"""Whether a web process answers: for the supervisor, and as a health check (`python -m treffa.embedded.web URL`)."""

import http.client
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

BAD, BROKEN = 400, 500


def responds(url: str, *, headers: Mapping[str, str] | None = None, below: int = BROKEN) -> bool:
    """A GET is answered with a status below that."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path, headers=dict(headers or {}))
        return connection.getresponse().status < below
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main(url: str) -> int:
    """Asks as the proxy in front would: by the first allowed host name, over https."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0]
    return 0 if responds(url, headers={"Host": host, "X-Forwarded-Proto": "https"}, below=BAD) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
