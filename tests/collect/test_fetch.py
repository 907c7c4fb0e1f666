"""Files are fetched from real servers, whole and once; what goes wrong is one plain line."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from moto.server import ThreadedMotoServer
from servers import LOGIN, PASSWORD, SftpServer, https, imap, letter, sftp

from pipelines.collect import fetch as fetching
from pipelines.collect.fetch import Errand, Fetched, fetch
from pipelines.config import Source
from pipelines.origin_settings import Origin

DAY = date(2026, 3, 2)
CONTENT = b"x" * 300_000 + b"\n"


class Desk:
    """One source with its inbox, what was said of it and what is on record."""

    def __init__(self, folder: Path, **origin: Any):
        (folder / "inbox").mkdir(exist_ok=True)
        self.folder, self.said, self.kept, self.over = folder, [], [], set()
        told = {"stable_seconds": 0, "wait_seconds": 0, "timeout_seconds": 20, **origin}
        self.source = Source(name="pos", profile="pos_journal", pattern="journal_*.csv", collect=Origin(**told))

    def fetch(self) -> list[Fetched]:
        return fetch(
            Errand(
                self.source,
                self.folder / "inbox",
                self.folder / "archive",
                DAY,
                {(each.place, each.version) for each in self.kept},
                lambda variable, _: PASSWORD if variable else None,
                self.said.append,
                self.kept.append,
                over=self.over,
                pass_over=self.pass_over,
            )
        )

    def pass_over(self, messages: Collection[str]) -> None:
        self.over = {*messages}

    @property
    def inbox(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted((self.folder / "inbox").iterdir())}


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    folder = tmp_path / "remote" / "out"
    folder.mkdir(parents=True)
    (folder / "journal_20260302.csv").write_bytes(CONTENT)
    (folder / "journal_20260302.csv.sha256").write_bytes(b"0" * 64)
    (folder / "journal_20260301.csv.tmp").write_bytes(b"not yet")
    (folder / ".journal_20260228.csv").write_bytes(b"hidden")
    (folder / "other_20260302.csv").write_bytes(b"not ours")
    (folder / "old").mkdir()
    return folder


@pytest.fixture
def server(remote: Path) -> Iterator[SftpServer]:
    with sftp(remote.parent) as running:
        yield running


def at_sftp(tmp_path: Path, server: SftpServer, **more: Any) -> Desk:
    return Desk(
        tmp_path,
        url=f"sftp://127.0.0.1:{server.port}/out",
        username=LOGIN,
        password_env="X",  # noqa: S106 - the name of a variable
        known_hosts=server.known_hosts(tmp_path / "known_hosts"),
        **more,
    )


def test_a_local_folder_gives_its_finished_files_once(tmp_path: Path, remote: Path) -> None:
    desk = Desk(tmp_path, url=f"file://{remote}")
    assert [each.name for each in desk.fetch()] == ["journal_20260302.csv.sha256", "journal_20260302.csv"]
    assert desk.inbox["journal_20260302.csv"] == CONTENT
    assert desk.fetch() == []
    assert desk.said == []
    (remote / "journal_20260303.csv").write_bytes(b"next")
    assert [each.name for each in desk.fetch()] == ["journal_20260303.csv"]


def test_sftp_gives_its_files_once_and_leaves_them(tmp_path: Path, server: SftpServer, remote: Path) -> None:
    desk = at_sftp(tmp_path, server)
    assert len(desk.fetch()) == 2
    assert (desk.inbox["journal_20260302.csv"], desk.said) == (CONTENT, [])
    assert (remote / "journal_20260302.csv").exists()
    assert desk.fetch() == []


def test_files_are_moved_aside_where_it_is_configured(tmp_path: Path, server: SftpServer, remote: Path) -> None:
    desk = at_sftp(tmp_path, server, afterwards="move", move_to="done")
    assert len(desk.fetch()) == 2
    assert sorted(file.name for file in (remote / "done").iterdir()) == [
        "journal_20260302.csv",
        "journal_20260302.csv.sha256",
    ]
    (remote / "done" / "journal_20260302.csv").rename(remote / "journal_20260302.csv")  # as if killed before the move
    assert desk.fetch() == []
    assert not (remote / "journal_20260302.csv").exists()


def test_a_host_key_that_is_not_the_known_one_ends_it_in_one_line(tmp_path: Path, server: SftpServer) -> None:
    desk = at_sftp(tmp_path, server)
    known = tmp_path / "known_hosts"
    with sftp(tmp_path) as other:
        known.write_text(known.read_text().split()[0] + " " + other.key.export_public_key().decode())
    assert desk.fetch() == []
    (line,) = desk.said
    assert "the host's key is not the one that is known; ask its operator" in line
    assert line.startswith("pos: sftp://127.0.0.1")
    assert desk.inbox == {}


def test_without_a_known_hosts_file_nothing_is_trusted(tmp_path: Path, server: SftpServer) -> None:
    desk = at_sftp(tmp_path, server)
    (tmp_path / "known_hosts").unlink()
    assert desk.fetch() == []
    assert "there is no such file; put the host's key" in desk.said[0]


def test_a_wrong_password_is_not_tried_again(
    tmp_path: Path, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = at_sftp(tmp_path, server)
    monkeypatch.setattr("test_fetch.PASSWORD", "wrong")
    assert desk.fetch() == []
    (line,) = desk.said
    assert "it does not let us in" in line
    assert len(server._connections) == 1


def test_a_connection_that_drops_in_the_middle_goes_on_where_it_stopped(tmp_path: Path, remote: Path) -> None:
    def dropping(count: int, server: SftpServer) -> None:
        if count == 8:
            server.drop()

    with sftp(remote.parent, dropping) as server:
        desk = at_sftp(tmp_path, server)
        assert len(desk.fetch()) == 2
        assert len(server._connections) == 2
    assert (desk.inbox["journal_20260302.csv"], desk.said) == (CONTENT, [])
    assert sorted(desk.inbox) == ["journal_20260302.csv", "journal_20260302.csv.sha256"]


def test_a_server_that_is_away_costs_a_line_and_leaves_nothing(tmp_path: Path, server: SftpServer) -> None:
    desk = at_sftp(tmp_path, server, attempts=2)
    server.stop()
    assert desk.fetch() == []
    (line,) = desk.said
    assert "it cannot be reached" in line
    assert "it comes" in line or "comes with the next run" in line
    assert desk.inbox == {}


def test_a_file_that_grows_while_it_is_read_waits_for_the_next_run(tmp_path: Path, remote: Path) -> None:
    def growing(count: int, server: SftpServer) -> None:
        if count == 3:
            with (server.root / "out/journal_20260302.csv").open("ab") as handle:
                handle.write(b"more\n")

    with sftp(remote.parent, growing) as server:
        desk = at_sftp(tmp_path, server)
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv.sha256"]
        assert desk.said == ["pos: journal_20260302.csv changed while it was read; it comes with the next run"]
        assert sorted(desk.inbox) == ["journal_20260302.csv.sha256"]
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"]
    assert desk.inbox["journal_20260302.csv"] == CONTENT + b"more\n"


def test_a_file_whose_size_is_not_stable_is_not_even_begun(
    tmp_path: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def while_waiting(_: float) -> None:
        with (remote / "journal_20260302.csv").open("ab") as handle:
            handle.write(b"more\n")

    monkeypatch.setattr(fetching.time, "sleep", while_waiting)
    desk = Desk(tmp_path, url=f"file://{remote}", stable_seconds=5)
    desk.fetch()
    assert desk.said == ["pos: journal_20260302.csv is still being written; it comes with the next run"]
    assert "journal_20260302.csv" not in desk.inbox


def test_with_a_done_marker_only_finished_files_come(tmp_path: Path, remote: Path) -> None:
    desk = Desk(tmp_path, url=f"file://{remote}", done_marker="{name}.done")
    assert desk.fetch() == []
    (remote / "journal_20260302.csv.done").touch()
    assert [each.name for each in desk.fetch()] == ["journal_20260302.csv.sha256", "journal_20260302.csv"]


def test_a_full_disk_is_ours_to_mend_and_what_came_is_gone_on_with(
    tmp_path: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, url=f"file://{remote}")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(fetching.os, "fsync", full)
        with pytest.raises(OSError, match="No space left") as failed:
            desk.fetch()
    assert failed.value.filename == str(tmp_path / "inbox")
    assert all(name.startswith(".") for name in desk.inbox)
    assert len(desk.fetch()) == 2
    assert desk.inbox["journal_20260302.csv"] == CONTENT


def test_another_file_of_that_name_is_not_lost(tmp_path: Path, remote: Path) -> None:
    desk = Desk(tmp_path, url=f"file://{remote}")
    (tmp_path / "inbox" / "journal_20260302.csv").write_bytes(b"from somewhere else")
    desk.fetch()
    assert desk.inbox["journal_20260302.csv"] == b"from somewhere else"
    assert "another journal_20260302.csv lies in the inbox" in desk.said[0]


def test_s3_gives_its_objects_once_and_moves_them(tmp_path: Path) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        login = {"aws_access_key_id": LOGIN, "aws_secret_access_key": PASSWORD, "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **login)
        client.create_bucket(Bucket="shop")
        client.put_object(Bucket="shop", Key="out/journal_20260302.csv", Body=CONTENT)
        client.put_object(Bucket="shop", Key="out/other.csv", Body=b"not ours")
        where = {"url": "s3://shop/out", "endpoint": f"http://{host}:{port}", "username": LOGIN, "password_env": "X"}
        desk = Desk(tmp_path, **where)
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"], desk.said
        assert desk.inbox == {"journal_20260302.csv": CONTENT}
        assert desk.fetch() == []
        client.put_object(Bucket="shop", Key="out/journal_20260303.csv", Body=b"next")
        moving = Desk(tmp_path, **where, afterwards="move", move_to="done")
        moving.kept = desk.kept
        assert [each.name for each in moving.fetch()] == ["journal_20260303.csv"], moving.said
        keys = [each["Key"] for each in client.list_objects_v2(Bucket="shop")["Contents"]]
        assert keys == ["out/done/journal_20260302.csv", "out/done/journal_20260303.csv", "out/other.csv"]
    finally:
        server.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_https_gives_the_files_of_its_page_or_of_each_date(tmp_path: Path, remote: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with https(remote, authority.issue_cert("127.0.0.1")) as port:
        dated = f"https://127.0.0.1:{port}/journal_{{date}}.csv"
        desk = Desk(tmp_path, url=dated, ca_file=tmp_path / "ca.pem")
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"], desk.said
        assert desk.inbox == {"journal_20260302.csv": CONTENT}
        assert desk.fetch() == []
        page = Desk(tmp_path, url=f"https://127.0.0.1:{port}/", ca_file=tmp_path / "ca.pem")
        assert [each.name for each in page.fetch()] == ["journal_20260302.csv.sha256", "journal_20260302.csv"]


def test_a_certificate_that_nobody_vouches_for_is_one_line(tmp_path: Path, remote: Path, authority: trustme.CA) -> None:
    with https(remote, authority.issue_cert("127.0.0.1")) as port:
        desk = Desk(tmp_path, url=f"https://127.0.0.1:{port}/journal_{{date}}.csv", attempts=1)
        assert desk.fetch() == []
    (line,) = desk.said
    assert "certificate is not trusted" in line


def test_attachments_of_a_mailbox_come_once_and_stay_unread(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    messages = [letter("journal_20260302.csv", CONTENT), letter("invoice.pdf", b"not ours")]
    with imap(messages, authority.issue_cert("127.0.0.1")) as (port, asked):
        where = {"url": f"imaps://127.0.0.1:{port}/INBOX", "ca_file": tmp_path / "ca.pem", "username": LOGIN}
        desk = Desk(tmp_path, **where, password_env="X")  # noqa: S106 - the name of a variable
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"], desk.said
        assert desk.inbox == {"journal_20260302.csv": CONTENT}
        assert desk.fetch() == []
        messages.append(letter("journal_20260303.csv", b"next"))
        assert [each.name for each in desk.fetch()] == ["journal_20260303.csv"]
        assert not [line for line in asked if "STORE" in line or "SELECT" in line]
        moving = Desk(tmp_path, **where, password_env="X", afterwards="move", move_to="Done")  # noqa: S106
        assert len(moving.fetch()) == 2
        assert [line for line in asked if "COPY" in line] == ['UID COPY 1 "Done"', 'UID COPY 3 "Done"']
    assert "SEARCH SINCE 23-Feb-2026" in " ".join(asked)


def read(asked: list[str]) -> list[str]:
    """Numbers of the messages that were read since the last look."""
    told = [line.split()[2] for line in asked if line.startswith("UID FETCH")]
    asked.clear()
    return told


def test_a_message_is_read_once_as_long_as_nothing_in_it_waits(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    messages = [letter("invoice.pdf", b"not ours"), letter("journal_20260302.csv", CONTENT)]
    with imap(messages, authority.issue_cert("127.0.0.1")) as (port, asked):
        where = {"url": f"imaps://127.0.0.1:{port}/INBOX", "ca_file": tmp_path / "ca.pem", "username": LOGIN}
        desk = Desk(tmp_path, **where, password_env="X")  # noqa: S106 - the name of a variable
        (tmp_path / "inbox" / "journal_20260302.csv").write_bytes(b"another, not in the books yet")
        assert desk.fetch() == []
        assert read(asked) == ["1", "2"], "each once, though the second was listed and then fetched"
        (tmp_path / "inbox" / "journal_20260302.csv").unlink()
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"]
        assert read(asked) == ["2"], "what waited is read again, and nothing else"
        messages.append(letter("journal_20260303.csv", b"next"))
        assert [each.name for each in desk.fetch()] == ["journal_20260303.csv"]
        assert read(asked) == ["3"], "only what is new"
        assert desk.fetch() == []
        assert read(asked) == []
        messages[0] = b""  # it was thrown away
        assert desk.fetch() == []
        assert len(desk.over) == 2, "what is there no more is forgotten"


def test_a_message_with_a_mark_is_read_until_what_it_marks_is_here(tmp_path: Path, authority: trustme.CA) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    messages = [letter("journal_20260302.csv.done", b"")]
    with imap(messages, authority.issue_cert("127.0.0.1")) as (port, asked):
        where = {"url": f"imaps://127.0.0.1:{port}/INBOX", "ca_file": tmp_path / "ca.pem", "username": LOGIN}
        desk = Desk(tmp_path, **where, password_env="X", done_marker="{name}.done")  # noqa: S106
        assert desk.fetch() == []
        messages.append(letter("journal_20260302.csv", CONTENT))
        assert [each.name for each in desk.fetch()] == ["journal_20260302.csv"]
        read(asked)
        assert desk.fetch() == []
        assert read(asked) == ["1"]


def test_no_password_in_the_environment_is_said(tmp_path: Path, server: SftpServer) -> None:
    desk = at_sftp(tmp_path, server)
    errand = Errand(
        desk.source, tmp_path / "inbox", tmp_path, DAY, (), lambda *_: None, desk.said.append, desk.kept.append
    )
    assert fetch(errand) == []
    assert desk.said == [f"pos: sftp://127.0.0.1:{server.port}/out: no password in X; put it there"]
