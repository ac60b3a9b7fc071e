"""Asks NATS something: ``python -m tests.cluster.nats_request HOST SUBJECT JSON`` prints the answer.

NATS's own client is not in Debian 12, and its protocol is lines of text.
"""

import socket
import sys

_INBOX = "_INBOX.affectd"


def request(host: str, subject: str, payload: str) -> str:
    """The answer to ``payload`` on ``subject``."""
    with socket.create_connection((host, 4222), timeout=30) as connection:
        lines = connection.makefile("rwb")
        lines.write(b'CONNECT {"verbose": false}\r\n')
        lines.write(f"SUB {_INBOX} 1\r\nPUB {subject} {_INBOX} {len(payload)}\r\n{payload}\r\n".encode())
        lines.flush()
        for line in lines:
            if line.startswith(b"PING"):
                lines.write(b"PONG\r\n")
                lines.flush()
            elif line.startswith(b"MSG"):
                return lines.read(int(line.split()[-1])).decode()
    raise ConnectionError("NATS has ended the connection")


if __name__ == "__main__":
    print(request(*sys.argv[1:4]))
