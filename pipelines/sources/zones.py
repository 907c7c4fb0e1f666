"""Times that name their zone in a column of their own, by abbreviation, IANA name or offset.

An abbreviation stands for the clocks of a place, not for an offset: many reports print CET all the year for clocks that
show CEST in summer. Source: IANA time zone database.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import polars as pl

from pipelines.sources.base import Context

_CLOCKS = {
    "UTC": "UTC GMT Z ZULU",
    "Europe/Amsterdam": "CET CEST MET MEST",
    "Europe/Helsinki": "EET EEST",
    "Europe/Lisbon": "WET WEST",
    "Europe/London": "BST",
    "Europe/Moscow": "MSK",
    "Europe/Istanbul": "TRT",
    "America/New_York": "EST EDT",
    "America/Chicago": "CST CDT",
    "America/Denver": "MST MDT",
    "America/Los_Angeles": "PST PDT",
    "America/Anchorage": "AKST AKDT",
    "America/Halifax": "AST ADT",
    "America/Sao_Paulo": "BRT BRST",
    "America/Argentina/Buenos_Aires": "ART",
    "Pacific/Honolulu": "HST",
    "Pacific/Auckland": "NZST NZDT",
    "Australia/Sydney": "AEST AEDT",
    "Australia/Adelaide": "ACST ACDT",
    "Australia/Perth": "AWST",
    "Asia/Jerusalem": "IDT",
    "Asia/Dubai": "GST",
    "Asia/Kolkata": "IST",
    "Asia/Bangkok": "ICT",
    "Asia/Jakarta": "WIB",
    "Asia/Manila": "PHT",
    "Asia/Singapore": "SGT",
    "Asia/Kuala_Lumpur": "MYT",
    "Asia/Hong_Kong": "HKT",
    "Asia/Tokyo": "JST",
    "Asia/Seoul": "KST",
    "Africa/Johannesburg": "SAST",
}
PLACES = {word: place for place, words in _CLOCKS.items() for word in words.split()}
"""Place by abbreviation; where a word means several places, the one of the source's own zone is meant."""

_SUMMER = re.compile(r"^(BST|[CEMW]EST|[A-Z]+DT)$")
_OFFSET = re.compile(r"^(?:GMT|UTC)?([+-])([0-9]{1,2}):?([0-9]{2})?$")
_HOUR = timedelta(hours=1)
_SEASONS = (datetime(2024, 1, 1), datetime(2024, 7, 1))  # noqa: DTZ001 - made aware where they are used


def to_books(local: pl.Series, zones: pl.Series, own: str, context: Context) -> tuple[pl.Series, list[str]]:
    """Local times of the books, and the words that name no zone we know: their times are read in the zone `own`.

    local: naive Datetime; zones: String, blank where the row names none.
    """
    words = zones.str.to_uppercase()
    unknown: list[str] = []
    found = pl.Series(local.name, [None], pl.Datetime("us")).new_from_index(0, len(local))
    for word in words.unique().sort().to_list():
        here = words.is_null() if word is None else words == word
        offset = _offset(word or "")
        place = own if word is None else _place(word, own)
        if place is None and offset is None:
            unknown.append(str(word))
        read = _with_offset(local, offset) if offset is not None else _of_place(local, place or own, word or "")
        there = read.dt.convert_time_zone(context.timezone).dt.replace_time_zone(None)
        found = found.zip_with(~here.fill_null(value=False), there)
    return found, unknown


def _place(word: str, own: str) -> str | None:
    seasons = pl.Series(_SEASONS).dt.replace_time_zone("UTC").dt.convert_time_zone(own)
    if word in seasons.dt.strftime("%Z").to_list():
        return own
    if word in PLACES:
        return PLACES[word]
    area, _, city = word.partition("/")
    named = "/".join([area.title(), city.title().replace("_Of_", "_of_")])
    return named if city and _is_zone(named) else None


def _is_zone(name: str) -> bool:
    try:
        pl.Series([_SEASONS[0]]).dt.replace_time_zone(name)
    except pl.exceptions.ComputeError:
        return False
    return True


def _offset(word: str) -> timedelta | None:
    found = _OFFSET.match(word)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -ahead if found[1] == "-" else ahead


def _with_offset(local: pl.Series, offset: timedelta) -> pl.Series:
    return (local - offset).dt.replace_time_zone("UTC")


def _of_place(local: pl.Series, place: str, word: str) -> pl.Series:
    """Times of a place; of the hour that is there twice the word tells which; one that is skipped runs on."""
    summer = bool(_SUMMER.match(word))
    read = local.dt.replace_time_zone(place, ambiguous="earliest" if summer else "latest", non_existent="null")
    if read.null_count() == local.null_count():
        return read
    before = (local - _HOUR).dt.replace_time_zone(place, ambiguous="earliest", non_existent="null")
    return read.zip_with(read.is_not_null(), before + _HOUR)
