"""Self-made lines of UnionPay's ZM and ZME files, for tests."""

WIDTHS = (
    *(3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2),
    *(6, 2, 4, 32, 1, 21, 15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98),
)
ZME_WIDTHS = (3, 11, 11, 6, 10, 19, 12, 4, 2, 2, 6, 10, 4, 12, 13, 13, 15, 15, 1, 12, 2, 135)


def zm(**cells: str) -> bytes:
    """A purchase of 100.00 at a fee of 0.38, with other cells where given: f1 … f42."""
    usual = (
        "f1=S22 f2=48010000 f3=00010000 f4=000101 f5=0302101500 f6=622202*********1234 f7=000000010000 f8=5411 f9=07"
        " f10=202603021015000001018 f12=ORDER0001 f13=01 f16=D000000000038 f17=C000000009962 f18=0201 f20=01"
        " f22=000201 f28=898310158120001 f33=C000000009962 f34=10000101"
    )
    blank = {"f32": " 000000000000", "f36": " 000000000000", "f37": " 000000000000", "f38": " 00000000000"}
    return _line(WIDTHS, _cells(usual) | blank | cells)


def zme(**cells: str) -> bytes:
    """A correction of 100.00 to the merchant's debit."""
    usual = (
        "f1=E74 f2=48010000 f3=00010000 f4=000777 f5=0302101500 f6=622202*********1234 f7=000000010000 f8=5411 f9=07"
        " f10=01 f11=000101 f12=0228101500 f13=0228 f14=000000010000 f15=C000000000038 f16=D000000009962"
        " f18=898310158120001"
    )
    return _line(ZME_WIDTHS, _cells(usual) | cells)


def _cells(text: str) -> dict[str, str]:
    return dict(cell.split("=", 1) for cell in text.split())


def _line(widths: tuple[int, ...], cells: dict[str, str]) -> bytes:
    texts = (cells.get(f"f{number}", "").encode("gbk") for number in range(1, len(widths) + 1))
    return b" ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True))
