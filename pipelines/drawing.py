"""The files of a night's report: written beside the old ones, and named once all of the night is published.

They are written while the published copy is made, which waits for them: a night whose report cannot be drawn publishes
nothing, and one whose folder cannot be written to is told without files.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from pipelines.arriving import Night
from reports import html, xlsx
from reports.json import render as render_json
from reports.model import Report

RENDER: dict[str, Callable[[Report], bytes]] = {"xlsx": xlsx.render, "html": html.render, "json": render_json}


class NotWrittenError(Exception):
    """A file of the report that the disk did not take."""

    def __init__(self, error: OSError):
        super().__init__(f"{error.filename}: {error.strerror}")
        self.error = error


class Drawing:
    """The report of a night on its way to the disk, where it is once `wait` returns."""

    def __init__(self, night: Night):
        self.night = night
        self._pool = ThreadPoolExecutor(len(RENDER))
        self._written: list[Future[None]] = []

    def __enter__(self) -> Drawing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        if error is not None:
            self._forget()

    def begin(self, report: Report) -> Report:
        """Begin to write the files; the report with their paths, none if it was in vain."""
        drawn = replace(report, outputs=self._paths())
        try:
            self.night.settings.paths.reports.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return self.without(report, error)
        self._written = [self._pool.submit(_write, drawn, kind) for kind in RENDER]
        return drawn

    def wait(self) -> None:
        """Until the files are there. NotWrittenError where the disk does not take one."""
        written, self._written = self._written, []
        wait(written)
        try:
            for each in written:
                each.result()
        except OSError as error:
            raise NotWrittenError(error) from error

    def without(self, report: Report, error: OSError) -> Report:
        """The report without files, and how they come about: the night itself does not fail for their sake."""
        self._forget()
        place = error.filename or self.night.settings.paths.reports
        mend = f"mend it, then `recon report --date {self.night.date}`"
        self.night.say(f"{place}: the report could not be written: {error.strerror}; {mend}")
        return replace(report, outputs={})

    def _forget(self) -> None:
        """Leave nothing of files that will have no name."""
        wait(self._written)
        self._written = []
        for path in self._paths().values():
            with suppress(OSError):
                _unnamed(Path(path)).unlink(missing_ok=True)

    def _paths(self) -> dict[str, str]:
        folder = self.night.settings.paths.reports
        return {kind: str(folder / f"recon-{self.night.date:%Y%m%d}.{kind}") for kind in RENDER}


def show(report: Report) -> None:
    """The files of a report take the place of those before them."""
    for path in map(Path, report.outputs.values()):
        _unnamed(path).replace(path)


def _write(report: Report, kind: str) -> None:
    _unnamed(Path(report.outputs[kind])).write_bytes(RENDER[kind](report))


def _unnamed(path: Path) -> Path:
    return path.with_name(f".{path.name}")
