"""A night fetches its files by SFTP, is killed in mid-transfer, and goes on: every file once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
import trustme

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "collect"))
from servers import LOGIN, PASSWORD, SftpServer, imap, letter, sftp, soon

from pipelines import config, nightly
from pipelines.store import Published
from pipelines.synth import generate

WHERE = """
[sources.collect]
url = "sftp://127.0.0.1:{port}/"
username = "{login}"
password_env = "RECON_TEST_PASSWORD"
known_hosts = "known_hosts"
stable_seconds = 0
"""


@pytest.mark.flow
def test_a_night_that_is_killed_in_mid_transfer_goes_on_and_has_every_file_once(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    # more than one piece of a transfer, so that what is killed has left something
    made = generate(shop, days=1, rows_per_day=20_000, seed=5, faults="none")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for file in sorted(shop.glob("*_2026*.csv")):
        file.rename(elsewhere / file.name)
    sent = {file.name: file.read_bytes() for file in elsewhere.iterdir()}

    def slowly(count: int, _: SftpServer) -> None:
        if count >= 4 and not (tmp_path / "fast").exists():
            time.sleep(0.05)

    with sftp(elsewhere, slowly) as server:
        server.known_hosts(shop / "known_hosts")
        path = Path(made.config)
        blocks = path.read_text(encoding="utf-8").split("\n[[")
        where = WHERE.format(port=server.port, login=LOGIN)
        told = [block + where if block.startswith("sources]]") else block for block in blocks]
        path.write_text("\n[[".join(told), encoding="utf-8")
        settings = config.load(path)
        words = [sys.executable, "-m", "pipelines", "run", "--config", str(path), "--date", "2026-03-02"]
        words += ["--no-prefect", "--json"]
        environment = {**os.environ, "RECON_TEST_PASSWORD": PASSWORD}
        night = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        inbox = settings.paths.inbox
        assert soon(lambda: any(f.stat().st_size for f in inbox.glob(".*.part") if f.exists())), "no transfer began"
        night.send_signal(signal.SIGKILL)
        night.communicate()
        left = [file.stat().st_size for file in inbox.glob(".*.part")]
        assert left, "it was killed between two files"
        (tmp_path / "fast").touch()
        for _ in range(2):
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"]["loaded"] == 0
    assert {name: (inbox / name).read_bytes() for name in sent} == sent
    assert not [*inbox.glob(".*.part")]
    with Published(settings.paths.investigate) as published:
        loaded = published.frame("SELECT name FROM files WHERE state = 'loaded' ORDER BY name")["name"].to_list()
        collected = published.frame("SELECT name FROM collected ORDER BY name")["name"].to_list()
    assert loaded == collected == sorted(sent)


def test_a_night_reads_no_message_of_a_mailbox_that_an_earlier_one_is_done_with(tmp_path: Path) -> None:
    made = generate(tmp_path / "shop", days=1, rows_per_day=30, seed=5, faults="none")
    path = Path(made.config)
    files = sorted(path.parent.glob("*_2026*.csv"))
    messages = [letter(file.name, file.read_bytes()) for file in files]
    for file in files:
        file.unlink()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(path.parent / "ca.pem")
    with imap(messages, authority.issue_cert("127.0.0.1")) as (port, asked):
        where = f'\n[sources.collect]\nurl = "imaps://127.0.0.1:{port}/INBOX"\nusername = "{LOGIN}"\n'
        where += 'password_env = "X"\nca_file = "ca.pem"\n'
        blocks = path.read_text(encoding="utf-8").split("\n[[")
        told = [block + where if block.startswith("sources]]") else block for block in blocks]
        path.write_text("\n[[".join(told), encoding="utf-8")
        counts = []
        for _ in range(2):
            said: list[str] = []
            summary = nightly.run(config.load(path), date(2026, 3, 2), said.append, secret=lambda *_: PASSWORD)
            assert summary["verdict"] == "OK", said
            counts.append((summary["files"]["loaded"], sum("FETCH" in line for line in asked) > 0))
            asked.clear()
    assert counts == [(len(files), True), (0, False)]
