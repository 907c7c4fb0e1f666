"""The report by mail, through a real server on loopback: TLS, login, refusals, a server that is down; nobody twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result
from postoffice import PASSWORD, Office
from reading import rows_of
from scenario import MON, TUE, WED, Shop
from sheets import SHOP, WALLET_SHOP

from pipelines import config, nightly
from pipelines.cli import cli
from pipelines.store import Store, StoreError

BOSS, TILLS, WALLETS = "boss@example.com", "tills@example.com", "wallets@example.com"
FORBIDDEN = "NOBODY@example.com"


@pytest.fixture(params=[False, True], ids=["starttls", "tls"])
def office(request: pytest.FixtureRequest, place: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("RECON_MAIL_PASSWORD", PASSWORD)
    return Office(place, implicit_tls=request.param)


@pytest.fixture
def quiet(place: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("RECON_MAIL_PASSWORD", PASSWORD)
    return Office(place)


@pytest.fixture
def two_shops(place: Path) -> Shop:
    """A till that lost a sale and a wallet that was settled without one."""
    shop = Shop(place / "shop", acquirers=("UNIONPAY", "WECHAT"))
    shop.sale("603000000001", "45.60", MON)
    shop.wallet_settled("W-1", "7.00", TUE)
    return shop


def write_to(shop: Shop, tables: str) -> None:
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + "\n" + tables, encoding="utf-8")


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def workbook(mail: EmailMessage) -> str:
    (attached,) = mail.iter_attachments()
    content = attached.get_content()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


def recon(shop: Shop, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--config", str(shop.config)])


def test_the_night_mails_its_report_as_its_last_step(office: Office, two_shops: Shop) -> None:
    write_to(two_shops, office.toml({"to": [BOSS]}))
    with office.open() as box:
        two_shops.night(MON)
        night = two_shops.night(TUE)
    assert not [line for line in night.said if "has not reached" in line]
    (to, mail), (_, second) = box.mails
    assert to == [BOSS]
    assert mail["From"] == "Recon <recon@example.com>"
    assert mail["Subject"] == "[recon] 2026-03-30 OK: nothing is open"
    assert second["Subject"] == "[recon] 2026-03-31 OK: 1 new, 1 open (7.00 CNY)"
    assert "NOT_IN_JOURNAL" in body(second, "plain")
    assert "WECHAT settled 7.00 CNY" in body(second, "html")
    assert "W-1" in workbook(second)
    (picture,) = [part for part in second.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<trend>"
    assert picture.get_content().startswith(b"\x89PNG")


def test_nobody_gets_a_run_twice_unless_it_is_asked_for(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}))
    with quiet.open() as box:
        two_shops.night(MON)
        assert recon(two_shops, "send", "--date", str(MON)).exit_code == 0
        assert len(box.mails) == 1
        assert recon(two_shops, "send", "--date", str(MON), "--again").exit_code == 0
    first, again = (mail for _, mail in box.mails)
    assert first["Message-ID"] == again["Message-ID"]


def test_each_shop_manager_gets_only_their_shops(quiet: Office, two_shops: Shop) -> None:
    readers = ({"to": [TILLS], "merchants": [SHOP]}, {"to": [WALLETS], "acquirers": ["WECHAT"], "language": "zh"})
    write_to(two_shops, quiet.toml(*readers))
    with quiet.open() as box:
        two_shops.nights(MON, WED)
        two_shops.night(WED.replace(day=2, month=4))
    mails = {to[0]: mail for to, mail in box.mails}
    tills, wallets = mails[TILLS], mails[WALLETS]
    assert tills["Subject"] == f"[recon] 2026-04-02 OK: 1 new, 1 open (45.60 CNY) [{SHOP}]"
    assert wallets["Subject"] == "[recon] 2026-04-02 OK: 新增 0，未结 1 (7.00 CNY) [WECHAT]"
    for mail, theirs, others in ((tills, "603000000001", "W-1"), (wallets, "W-1", "603000000001")):
        everything = body(mail, "plain") + body(mail, "html") + workbook(mail)
        assert theirs in everything
        assert others not in everything
    assert WALLET_SHOP not in workbook(tills)
    assert "45.60" not in workbook(wallets)


def test_a_refused_recipient_is_said_and_the_others_get_it(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS, FORBIDDEN]}))
    quiet.box.refused = {FORBIDDEN}
    with quiet.open() as box:
        night = two_shops.night(MON)
        assert [to for to, _ in box.mails] == [[BOSS]]
        (line,) = [line for line in night.said if "has not reached" in line]
        assert line.startswith(f"the report of 2026-03-30 has not reached {FORBIDDEN}: 550 5.1.1 no such mailbox")
        box.refused.clear()
        assert recon(two_shops, "send", "--date", str(MON)).exit_code == 0
    assert [to for to, _ in box.mails] == [[BOSS], [FORBIDDEN]]


def test_a_server_that_is_down_does_not_lose_the_night(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}))
    night = two_shops.night(MON)
    assert night.verdict == "OK"
    (line,) = [line for line in night.said if "has not reached" in line]
    assert f"127.0.0.1:{quiet.port}" in line
    assert rows_of(two_shops, "SELECT verdict FROM runs") == [{"verdict": "OK"}]
    down = recon(two_shops, "send", "--date", str(MON))
    assert down.exit_code == 1
    with quiet.open() as box:
        assert recon(two_shops, "send", "--date", str(MON)).exit_code == 0
    assert box.only()["Subject"].startswith("[recon] 2026-03-30 OK")
    with Store(config.load(two_shops.config).paths.store) as store:
        tried = store.execute("SELECT state, recipient, channel FROM deliveries ORDER BY delivered_at, state")
    assert tried == [("failed", BOSS, "mail"), ("failed", BOSS, "mail"), ("sent", BOSS, "mail")]


def test_a_server_that_says_later_is_asked_again(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}))
    quiet.box.busy = 1
    with quiet.open() as box:
        two_shops.night(MON)
    assert len(box.mails) == 1


def test_a_wrong_password_is_one_plain_line(quiet: Office, two_shops: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}))
    monkeypatch.setenv("RECON_MAIL_PASSWORD", "wrong")
    with quiet.open() as box:
        said = two_shops.night(MON).said
        assert not box.mails
        (line,) = [line for line in said if "has not reached" in line]
        assert line.startswith(f"the report of 2026-03-30 has not reached {BOSS}: 535")
        monkeypatch.delenv("RECON_MAIL_PASSWORD")
        missing = recon(two_shops, "send", "--date", str(MON))
    assert "no password in the variable RECON_MAIL_PASSWORD; mend it" in missing.stderr


def test_a_server_with_a_certificate_nobody_vouches_for_gets_nothing(quiet: Office, two_shops: Shop) -> None:
    tables = quiet.toml({"to": [BOSS]})
    write_to(two_shops, "\n".join(line for line in tables.splitlines() if not line.startswith("ca_file")))
    with quiet.open() as box:
        said = two_shops.night(MON).said
    assert not box.mails
    assert any("certificate" in line.lower() for line in said)


def test_a_failed_run_mails_its_own_alert(quiet: Office, two_shops: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}, {"to": [TILLS], "merchants": [SHOP]}))
    two_shops.arrive(MON)

    def full(*_: object) -> None:
        raise StoreError("the disk is full at 4111111111111111")

    monkeypatch.setattr(nightly, "publish", full)
    with quiet.open() as box, pytest.raises(StoreError):
        nightly.run(config.load(two_shops.config), MON, lambda _: None)
    ((to, mail),) = box.mails
    assert to == [BOSS]
    assert mail["Subject"] == "[recon] 2026-03-30 FAILED: nothing was published"
    assert "the disk is full at 411111******1111" in body(mail, "plain")
    assert "the last good state is kept" in body(mail, "html")


def test_a_large_workbook_is_linked(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}, attach_up_to_mb=0, link="https://files.example.com/recon/"))
    with quiet.open() as box:
        two_shops.night(MON)
    mail = box.only()
    assert not list(mail.iter_attachments())
    assert "https://files.example.com/recon/recon-20260330.xlsx" in body(mail, "plain")
    assert 'href="https://files.example.com/recon/recon-20260330.xlsx"' in body(mail, "html")


def test_a_dry_run_shows_who_would_get_what(quiet: Office, two_shops: Shop) -> None:
    write_to(two_shops, quiet.toml({"to": [BOSS]}, {"to": [TILLS], "merchants": [SHOP]}))
    two_shops.night(MON)
    shown = recon(two_shops, "send", "--date", str(MON), "--dry-run")
    assert shown.exit_code == 0
    assert f"To: {BOSS}\nOnly: everything\nSubject: [recon] 2026-03-30 OK" in shown.stdout
    assert f"To: {TILLS}\nOnly: {SHOP}\n" in shown.stdout


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A chat server on loopback, known to Apprise by its address."""
    notes: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            notes.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    monkeypatch.setenv("RECON_CHAT", f"json://127.0.0.1:{server.server_port}/secret-token")
    Thread(target=server.serve_forever, daemon=True).start()
    yield notes
    server.shutdown()
    server.server_close()


def test_a_chat_gets_the_verdict_once(chat: list[bytes], two_shops: Shop) -> None:
    write_to(two_shops, '[[chats]]\nname = "finance"\nurl_env = "RECON_CHAT"\nlanguage = "zh"\n')
    two_shops.night(MON)
    assert recon(two_shops, "send", "--date", str(MON)).exit_code == 0
    (note,) = chat
    assert "对账完成并验证平衡".encode() in note or b"\\u5bf9\\u8d26" in note
    with Store(config.load(two_shops.config).paths.store) as store:
        assert "secret-token" not in str(store.execute("SELECT * FROM deliveries"))


def test_a_password_in_the_file_is_refused(place: Path) -> None:
    shop = Shop(place / "shop")
    write_to(shop, '[mail]\nhost = "mail.example.com"\nsender = "a@example.com"\npassword = "x"\n')
    with pytest.raises(config.ConfigError, match=r"mail\.password: there is no such key"):
        config.load(shop.config)
