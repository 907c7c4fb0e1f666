"""Real servers on loopback for what is fetched: SFTP, HTTPS, IMAP. Each is started, asked and stopped by a test."""

from __future__ import annotations

import asyncio
import email.policy
import functools
import http.server
import re
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import asyncssh

LOGIN, PASSWORD = "recon", "s3cret"


class SftpServer:
    """An SFTP server over a folder. before_read: called with the count of reads; it may raise, wait or drop."""

    def __init__(self, root: Path, before_read: Callable[[int, SftpServer], None] = lambda *_: None):
        self.root, self.before_read, self.reads = root, before_read, 0
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._connections: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def start(self) -> SftpServer:
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.get_port()
        return self

    def stop(self) -> None:
        if not self._loop.is_running():
            return

        async def close() -> None:
            self._server.close()
            for connection in self._connections:
                connection.abort()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        soon(lambda: not self._loop.is_running())

    def drop(self) -> None:
        """Cut every connection, as a network does."""
        for connection in self._connections:
            connection.abort()

    def known_hosts(self, file: Path) -> Path:
        public = self.key.export_public_key().decode().strip()
        file.write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return file

    async def _listen(self) -> asyncssh.SSHAcceptor:
        mine = self

        class Login(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                mine._connections.append(conn)

            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (LOGIN, PASSWORD)

        class Files(asyncssh.SFTPServer):
            def __init__(self, chan: asyncssh.SSHServerChannel):
                super().__init__(chan, chroot=str(mine.root))

            async def read(self, file_obj: object, offset: int, size: int) -> bytes:
                mine.reads += 1
                result = mine.before_read(mine.reads, mine)
                if asyncio.iscoroutine(result):
                    await result
                return super().read(file_obj, offset, min(size, 2**15))

        return await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Login, server_host_keys=[self.key], sftp_factory=Files
        )


@contextmanager
def sftp(root: Path, before_read: Callable[[int, SftpServer], None] = lambda *_: None) -> Iterator[SftpServer]:
    server = SftpServer(root, before_read).start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def https(root: Path, certificate: object) -> Iterator[int]:
    """A web server over a folder, with a certificate; yields its port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is declared
            del format, args

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def letter(name: str, content: bytes, subject: str = "your file") -> bytes:
    """A message with one attachment, as it lies in a mailbox."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "bank@example.com", "recon@example.com", subject
    message.set_content("Attached.")
    message.add_attachment(content, maintype="text", subtype="csv", filename=name)
    return message.as_bytes()


@contextmanager
def imap(  # noqa: C901 - one small server, told in one place
    messages: list[bytes], certificate: object
) -> Iterator[tuple[int, list[str]]]:
    """The few commands of IMAP4rev1 that a reader of attachments needs; yields the port and what was asked."""
    asked: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    class Talk(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("* OK ready")
            for raw in self.rfile:
                line = raw.decode().strip()
                tag, command, *rest = line.split(" ")
                asked.append(" ".join([command, *rest]))
                if self.answer(tag, command.upper(), " ".join(rest)):
                    return

        def answer(self, tag: str, command: str, rest: str) -> bool:
            if command == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            elif command == "LOGIN" and rest.replace('"', "") != f"{LOGIN} {PASSWORD}":
                self.say(f"{tag} NO wrong login")
                return False
            elif command in ("SELECT", "EXAMINE"):
                self.say(f"* {len(messages)} EXISTS")
                self.say("* OK [UIDVALIDITY 7] valid")
            elif command == "UID" and rest.startswith("SEARCH"):
                self.say("* SEARCH " + " ".join(str(n + 1) for n in range(len(messages)) if messages[n]))
            elif command == "UID" and rest.startswith("FETCH"):
                number = int(re.findall(r"\d+", rest)[0])
                content = messages[number - 1]
                self.wfile.write(f"* {number} FETCH (UID {number} BODY[] {{{len(content)}}}\r\n".encode() + content)
                self.say(")")
            elif command == "LOGOUT":
                self.say("* BYE")
                self.say(f"{tag} OK done")
                return True
            self.say(f"{tag} OK done")
            return False

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    server = Server(("127.0.0.1", 0), Talk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


def soon(condition: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something becomes true within a time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False
