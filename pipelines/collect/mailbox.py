"""Attachments of a mailbox as files: IMAP over TLS, each message looked at without marking it as read."""

from __future__ import annotations

import email
import email.policy
import imaplib
import ssl
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from pipelines.collect.remotes import Item, RemoteError
from pipelines.origin_settings import Origin

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Mailbox:
    """One folder of a mailbox; its files are the attachments of the messages that came since a date.

    over: messages that hold nothing more, by what `messages` calls them: they are not read again.
    """

    grows = False

    def __init__(self, origin: Origin, password: str | None, since: date, over: Collection[str] = ()):
        self._since, self._over = since, over
        self._messages: dict[str, list[Item]] = {}
        self._read: tuple[str, list[tuple[Item, bytes]]] = ("", [])
        self._url = f"{origin.host}{origin.folder}"
        trusted = ssl.create_default_context(cafile=origin.ca_file)
        self._imap = imaplib.IMAP4_SSL(
            origin.host, urlsplit(origin.url).port or 993, ssl_context=trusted, timeout=origin.timeout_seconds
        )
        try:
            self._imap.login(origin.username or "", password or "")
        except imaplib.IMAP4.error as error:
            raise PermissionError(str(error)) from None
        folder = unquote(origin.folder.strip("/")) or "INBOX"
        state, told = self._imap.select(f'"{folder}"', readonly=origin.afterwards == "leave")
        if state != "OK":
            raise RemoteError(f"the mailbox has no folder {folder}: {_text(told)}")
        self._validity = _text(self._imap.response("UIDVALIDITY")[1])

    def listing(self) -> list[Item]:
        """Every attachment with a name, of every message since the date that is not over."""
        for uid in self._uids():
            message = f"{self._url};UIDVALIDITY={self._validity};UID={uid}"
            known = message in self._over or message in self._messages  # a message never changes
            self._messages.setdefault(message, [] if known else [item for item, _ in self._attachments(uid)])
        return [item for items in self._messages.values() for item in items]

    def messages(self) -> Mapping[str, list[Item]]:
        """What was listed, by message; those that are over have nothing."""
        return self._messages

    def _uids(self) -> list[str]:
        since = f"{self._since.day:02}-{MONTHS[self._since.month - 1]}-{self._since.year}"
        _, found = self._imap.uid("SEARCH", "SINCE", since)
        return _text(found).split()

    def _attachments(self, uid: str) -> list[tuple[Item, bytes]]:
        """Those of one message; the last one asked for is kept, for it is listed first and read then."""
        if self._read[0] != uid:
            self._read = uid, [*self._received(uid)]
        return self._read[1]

    def _received(self, uid: str) -> Iterator[tuple[Item, bytes]]:
        state, answer = self._imap.uid("FETCH", uid, "(BODY.PEEK[])")
        if state != "OK":
            raise RemoteError(f"message {uid} cannot be read: {_text(answer)}; move it to another folder")
        raw = next((part[1] for part in answer if isinstance(part, tuple)), b"")
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101 - by its policy
        for number, part in enumerate(message.iter_attachments()):
            content = part.get_payload(decode=True)
            if (name := part.get_filename()) and isinstance(content, bytes):
                place = f"{self._url};UID={uid}/{number}"
                plain = name.replace("\\", "/").rsplit("/", 1)[-1]
                yield Item(plain, place, f"{self._validity}|{len(content)}", len(content)), content

    def read(self, item: Item, at: int) -> Iterator[bytes]:
        """The attachment in one piece."""
        for found, content in self._attachments(_uid(item)):
            if found.place == item.place:
                yield content[at:]

    def again(self, item: Item) -> Item | None:
        """Messages do not change."""
        return item

    def move(self, item: Item, folder: str) -> None:
        """The whole message; a message with several files may have been moved with the first of them."""
        state, told = self._imap.uid("COPY", _uid(item), f'"{folder}"')
        if state != "OK":
            raise RemoteError(f"the message cannot be moved to {folder}: {_text(told)}")
        self._imap.uid("STORE", _uid(item), "+FLAGS", r"(\Deleted)")
        self._imap.expunge()
        self._messages.clear()

    def close(self) -> None:
        """Log out."""
        self._imap.logout()


def _uid(item: Item) -> str:
    return item.place.rsplit(";UID=", 1)[1].partition("/")[0]


def _text(parts: object) -> str:
    """What a server answered, in one line."""
    found = parts if isinstance(parts, list) else [parts]
    return b" ".join(part for part in found if isinstance(part, bytes)).decode("ascii", "replace").strip()
