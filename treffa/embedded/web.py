"""Whether a web process answers."""

import http.client
from urllib.parse import urlsplit


def responds(url: str) -> bool:
    """Any answer to a GET but a server error."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
