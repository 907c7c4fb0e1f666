"""The pages are true: generated parts are fresh, links lead somewhere, commands exist, examples run as they stand."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner

from pipelines import commands, config, nightly
from pipelines.cases.taxonomy import POLICY
from pipelines.cli import cli
from pipelines.collect import date_in_name
from pipelines.config import Settings
from pipelines.dictionary import BLOCK, documents, fresh
from pipelines.dictionary.policy import NOT_FOUND_YET
from pipelines.dictionary.words import ROOT, words
from pipelines.sources import PROFILES
from pipelines.store import Published

PAGES = documents()
README = ROOT / "README.md"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
CALL = re.compile(r"(?:(?<![\w-])recon|-m pipelines) ([a-z]+)\b([^`\n|]*)")


def of_page(page: Path) -> str:
    return str(page.relative_to(ROOT))


pages = pytest.mark.parametrize("page", PAGES, ids=of_page)


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Fenced examples of a language, without the indent of a list they stand in."""
    return [textwrap.dedent(body) for _, kind, body in FENCE.findall(text_of(page)) if kind == language]


def anchors(page: Path) -> set[str]:
    """The anchors that headings of a page get on a forge: lower case, words and hyphens."""
    prose = FENCE.sub("", text_of(page))
    heads = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pages
def test_generated_parts_are_fresh(page: Path) -> None:
    assert fresh(text_of(page)) == text_of(page), "run `make docs`"
    assert text_of(page).count("<!-- generated") == len(BLOCK.findall(text_of(page))), "a mark is not closed"


@pages
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{of_page(page)} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{of_page(page)} links to {target}, which is no heading there"


@pages
def test_commands_and_options_exist(page: Path) -> None:
    for name, rest in CALL.findall(text_of(page)):
        command: click.Command | None = cli.commands.get(name)
        if isinstance(command, click.Group) and (sub := re.match(r" ([a-z]+)", rest)):
            command = command.commands.get(sub[1])
        assert command, f"{of_page(page)}: recon {name}{rest}"
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
            assert option in known, f"{of_page(page)}: recon {name} {option}"


@pages
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join([*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", text_of(page))])
    for target in re.findall(r"^(?:[A-Z]+=\S+ )?make ([a-z]+)", code, re.MULTILINE):
        assert target in targets, f"{of_page(page)}: make {target}"


def test_words_describe_nothing_that_is_gone() -> None:
    everything = "\n".join(map(text_of, PAGES))
    for kind, groups in words().items():
        for group, names in groups.items():
            if kind == "signals":
                assert f"| `{group}` |" in everything, f"docs/words.toml: there is no signal {group}"
                continue
            for name in names if isinstance(names, dict) else ():
                heading = f"### `{group}`" if kind == "columns" else rf"### `\[+{re.escape(group)}\]+`"
                part = re.search(rf"{heading}\n.*?(?=\n### |\n## |\Z)", everything, re.DOTALL)
                assert part, f"docs/words.toml: there is no {group}"
                assert f"| `{name}` |" in part[0], f"docs/words.toml: {group} has no {name}"


def test_what_is_said_not_to_be_there_is_not_there() -> None:
    part = text_of(README).split("## Not there yet")[1].split("\n## ")[0]
    named = set(re.findall(r"`([\w-]+)`", part))
    assert named
    assert not named & set(PROFILES), "these formats are read now: correct README.md"
    assert not named & set(cli.commands), "these commands exist now: correct README.md"


def test_types_not_found_yet_are_not_in_the_changelog() -> None:
    assert set(POLICY) >= NOT_FOUND_YET
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = {code for code in NOT_FOUND_YET if re.search(rf"\b{code}\b", changes)}
    assert not found, "CHANGELOG.md says that they are found: take them out of NOT_FOUND_YET"


def _constants() -> Iterator[str]:
    for file in [*(ROOT / "pipelines").rglob("*.py"), *(ROOT / "schemas").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_lines_on_stderr_are_those_that_the_program_says() -> None:
    table = text_of(ROOT / "docs" / "operations.md").split("| line | meaning |")[1].split("\n\n")[0]
    said = "\x00".join(_constants())
    lines = [row.split(" | ")[0] for row in table.splitlines()[2:]]
    assert len(lines) > 15
    for line in lines:
        parts = re.split(r"…|\bNAME\b|\bPATH\b|\bOLD\b|\d+|: |[`|(),]| of pos|; ", line)
        for part in (part.strip() for part in parts):
            assert part in said, f"docs/operations.md: nobody says {part!r}"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as `make demo` leaves the checkout, with the last of its nights run over all its days."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "sample_data", root / "sample_data")
    settings = config.load(root / "sample_data" / "recon.toml")
    for folder in [commands.SAMPLE / "days", *(commands.SAMPLE / "later").iterdir()]:
        shutil.copytree(folder, settings.paths.inbox, dirs_exist_ok=True)
    days = [date_in_name(file.name) for file in settings.paths.inbox.iterdir()]
    nightly.run(settings, max(filter(None, days)), lambda _: None)
    return root


@pytest.mark.parametrize(
    "query", [q for page in PAGES for q in blocks(page, "sql")], ids=lambda query: query.split("\n")[0][:50]
)
def test_sql_examples_run_and_answer(demo: Path, query: str) -> None:
    settings = config.load(demo / "sample_data" / "recon.toml")
    with Published(settings.paths.investigate) as published:
        assert published.frame(query.rstrip().rstrip(";")).height, "an example should have an answer"


@pytest.mark.parametrize("code", [q for page in PAGES for q in blocks(page, "python")])
def test_python_examples_run(demo: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demo)
    exec(compile(code, "docs", "exec"), {})  # noqa: S102 - our own pages


def test_one_day_can_be_asked_for_while_the_published_file_is_replaced(demo: Path) -> None:
    target = config.load(demo / "sample_data" / "recon.toml").paths.investigate
    reader = duckdb.connect(str(target), read_only=True)
    copy = target.with_name("copy")
    shutil.copyfile(target, copy)
    copy.replace(target)
    assert reader.execute("SELECT count(*) FROM journal").fetchall()[0][0] > 0
    reader.close()


@pytest.mark.parametrize("toml", [q for page in PAGES for q in blocks(page, "toml")], ids=lambda toml: toml[:20])
def test_configurations_can_be_used(toml: str, tmp_path: Path) -> None:
    file = tmp_path / "recon.toml"
    file.write_text(toml, encoding="utf-8")
    assert isinstance(config.load(file), Settings)


def _recon(*words: str) -> click.testing.Result:
    return CliRunner().invoke(cli, list(words), catch_exceptions=False)


def test_the_declared_profile_reads_the_file_beside_it(tmp_path: Path) -> None:
    page = ROOT / "docs" / "configuration.md"
    (example,) = [block for block in blocks(page, "text") if "交易日期" in block]
    (toml,) = [block for block in blocks(page, "toml") if "交易日期" in block]
    (tmp_path / "recon.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "lakala_20260303.csv").write_bytes(example.encode("gb18030"))
    words = ("--config", str(tmp_path / "recon.toml"), "--json", str(tmp_path / "lakala_20260303.csv"))
    (found,) = json.loads(_recon("inspect", *words).stdout)
    assert found["profile"] == "lakala"
    assert found["by_type"] == {"REFUND": 1, "SALE": 1}
    assert found["currency"]["CNY"]["net_minor"] == 111440
    assert not found["rejected"]


def test_the_readme_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every `recon` line of the first example, typed as it stands."""
    monkeypatch.chdir(tmp_path)
    example = next(block for block in blocks(README, "sh") if "recon synth" in block)
    lines = [shlex.split(line, comments=True) for line in example.splitlines()]
    assert len(lines) >= 4
    for _, command, *rest in lines:
        done = _recon(command, *rest, *(["--no-prefect"] if command == "run" else []))
        assert done.exit_code in (0, 3), done.stderr
    assert list(Path("try/var/reports").glob("*.html"))
