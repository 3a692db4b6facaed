"""Arrays of tables are the same in whatever pieces they are written, and chunks are not compressed once per piece."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unitscope.run import layout
from unitscope.run.arrays import joined


def pieces_of(values, lengths):
    """Cut an array of rows into pieces of these lengths; a last piece takes the rest."""
    ends = [*np.minimum(np.cumsum(lengths), len(values)), len(values)]
    starts = [0, *ends[:-1]]
    return [(int(first), {"a": values[first:last]}) for first, last in zip(starts, ends, strict=True) if last > first]


@given(st.integers(1, 300), st.lists(st.integers(1, 90)))
def test_joined_pieces_are_the_rows_again_and_at_least_a_chunk(n, lengths):
    values = np.arange(n * 2.0).reshape(n, 2)
    found = list(joined(pieces_of(values, lengths)))
    assert [first for first, _ in found] == [0, *np.cumsum([len(rows["a"]) for _, rows in found])[:-1]]
    np.testing.assert_array_equal(np.concatenate([rows["a"] for _, rows in found]), values)
    assert all(len(rows["a"]) >= layout.CHUNK_UNITS for _, rows in found[:-1])


def test_what_does_not_follow_is_not_joined():
    one, two = np.ones((2, 3)), np.zeros((1, 3))
    gap = [(0, {"a": one}), (5, {"a": two})]
    names = [(0, {"a": one}), (2, {"b": two})]
    lengths = [(0, {"a": one, "b": two}), (2, {"a": two, "b": two})]
    for pieces in (gap, names, lengths):
        found = list(joined(pieces))
        assert [first for first, _ in found] == [first for first, _ in pieces]
        for (_, rows), (_, expected) in zip(found, pieces, strict=True):
            assert {name: array.tolist() for name, array in rows.items()} == {
                name: array.tolist() for name, array in expected.items()
            }


def test_large_rows_are_not_held(monkeypatch):
    monkeypatch.setattr("unitscope.run.arrays.CHUNK_BYTES", 100)
    rows = [(first, {"a": np.ones((1, 8))}) for first in range(4)]  # 64 bytes each
    assert [first for first, _ in joined(rows)] == [0, 2]
    assert list(joined([])) == []
