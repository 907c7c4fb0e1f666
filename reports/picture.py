"""The trend as a PNG for mail, whose readers show no SVG; labels are Latin, for a bare machine has no Chinese font."""

from __future__ import annotations

from io import BytesIO

from reports.html import hundredths
from reports.trend import HEIGHT, WIDTH, Chart, Series

SIZE = 1160, 320
"""Twice the size at which mail shows it, so that it stays sharp on a phone."""

LEFT, TOP, RIGHT, BOTTOM = 110, 24, 1136, 236
INK, SOFT, LINE = "#17202e", "#566173", "#dfe4eb"
COLOURS = ("#1d4d86", "#2f8f5b", "#c4673c")


def trend_png(chart: Chart) -> bytes:
    """The lines of the chart with their labels."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only mail needs it

    image = Image.new("RGB", SIZE, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    for y, share in ((TOP, 10_000), ((TOP + BOTTOM) // 2, (10_000 + chart.floor) // 2), (BOTTOM, chart.floor)):
        draw.line((LEFT, y, RIGHT, y), LINE, 2)
        draw.text((LEFT - 14, y), hundredths(share), SOFT, font, anchor="rm")
    draw.text((LEFT, BOTTOM + 14), str(chart.first), SOFT, font)
    if chart.last != chart.first:
        draw.text((RIGHT, BOTTOM + 14), str(chart.last), SOFT, font, anchor="ra")
    place = LEFT
    for (series, points), colour in zip(chart.lines, COLOURS, strict=False):
        spots = [_spot(*point) for point in points]
        if len(spots) > 1:
            draw.line(spots, colour, 4, joint="curve")
        for x, y in spots:
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), colour)
        label = _label(series)
        draw.line((place, 296, place + 36, 296), colour, 6)
        draw.text((place + 46, 296), label, INK, font, anchor="lm")
        place += 46 + int(draw.textlength(label, font)) + 40
    written = BytesIO()
    image.save(written, "PNG", optimize=True)
    return written.getvalue()


def _spot(x: int, y: int) -> tuple[int, int]:
    return LEFT + x * (RIGHT - LEFT) // WIDTH, TOP + y * (BOTTOM - TOP) // HEIGHT


def _label(series: Series) -> str:
    return f"by value, {series.currency}" if series.currency else "by count"
