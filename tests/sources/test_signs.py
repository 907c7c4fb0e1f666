"""Signs are counted as Python counts them, however long the text is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources import signs

SIGN = st.sampled_from([b"\n", b",", b"|", b"\x01", b"\xff", b"||"])


@given(text=st.binary(max_size=300), sign=SIGN)
@pytest.mark.parametrize("few", [0, 100])
def test_a_text_has_as_many_signs_however_they_are_counted(few: int, text: bytes, sign: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signs, "FEW", few)
        assert signs.count(text, sign) == text.count(sign)
