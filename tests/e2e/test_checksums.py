"""A checksum beside a file: a wrong one refuses it, the right one lets it in, and none is a file of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines import config
from pipelines.accuracy import days_of, play, register
from pipelines.synth import generate


def test_a_file_with_a_wrong_checksum_is_invalid_until_the_right_one_comes(tmp_path: Path) -> None:
    generate(tmp_path, days=3, rows_per_day=40, seed=2, faults="none", layouts="WECHAT=wechat_trade")
    first, second, third = days_of(tmp_path)
    bill = tmp_path / f"settlement_WECHAT_{second:%Y%m%d}.csv"
    sidecar = bill.with_name(f"{bill.name}.sha1")
    right = hashlib.sha1(bill.read_bytes(), usedforsecurity=False).hexdigest()
    sidecar.write_text("0" * 40)
    _, refused = play(tmp_path, (first, second))
    assert (refused["verdict"], refused["files"]["rejected"]) == ("INCOMPLETE", 1)
    sidecar.write_text(f"{right}  {bill.name}\n")
    (mended,) = play(tmp_path, [third])
    assert (mended["verdict"], mended["files"]["rejected"]) == ("OK", 0)
    told = sorted((t.type, t.opened, t.cleared) for t in register(config.load(tmp_path / "recon.toml")))
    assert told == [(kind, str(second), str(third)) for kind in ("FILE_INVALID", "FILE_LATE")]
