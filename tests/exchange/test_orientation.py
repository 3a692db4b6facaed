"""Which way round a matrix lies: the labels tell, or the user."""

import numpy as np
import pandas as pd
import pytest

from unitscope import import_file
from unitscope.errors import UnitscopeError

RATES = np.random.default_rng(4).normal(size=(12, 3)).astype(np.float32)
KINDS = np.array(["face", "house", "tool"])[np.arange(12) % 3]


def write(kind, folder, matrix, labels=KINDS):
    """Write a matrix and its labels; return the file and the options that import both."""
    if kind == "npz":
        np.savez(folder / "x.npz", V1=matrix, labels=labels)
        return folder / "x.npz", {}
    if kind == "h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(folder / "x.h5", "w") as file:
            file["V1"], file["labels"] = matrix, [[text.encode() for text in labels]]  # one row, as MATLAB writes
        return folder / "x.h5", {}
    pd.DataFrame({"label": labels}).to_csv(folder / "y.csv", index=False)
    if kind == "npy":
        np.save(folder / "x.npy", matrix)
    else:
        pd.DataFrame(matrix).to_csv(folder / "x.csv", index=False, header=False)
    return folder / f"x.{kind}", {"labels": folder / "y.csv"}


@pytest.mark.parametrize("kind", ["npz", "h5", "npy", "csv"])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("rows", [None, "right"])
def test_the_number_of_labels_tells(tmp_path, kind, turned, rows):
    path, options = write(kind, tmp_path, RATES.T if turned else RATES)
    said = rows and ("units" if turned else "items")
    run = import_file(path, tmp_path / "run", block_items=5, layer="V1", rows=said, **options)
    np.testing.assert_array_equal(run.activations("V1").T, RATES)
    assert (run.classes["class"].to_numpy()[run.labels] == KINDS).all()


@pytest.mark.parametrize("kind", ["npz", "h5", "npy", "csv"])
def test_a_square_matrix_must_be_told(tmp_path, kind):
    square = np.arange(144, dtype=np.float32).reshape(12, 12)
    path, options = write(kind, tmp_path, square)
    with pytest.raises(UnitscopeError, match=r"is 12 x 12, .* give --rows items or --rows units"):
        import_file(path, tmp_path / "run", **options)
    for rows, expected in (("items", square), ("units", square.T)):
        run = import_file(path, tmp_path / rows, rows=rows, layer="V1", **options)
        np.testing.assert_array_equal(run.activations("V1").T, expected)


def test_a_matrix_that_fits_neither_way_is_refused(tmp_path):
    path, options = write("npy", tmp_path, RATES[:5])
    with pytest.raises(UnitscopeError, match="12 labels, but there are 5 items"):
        import_file(path, tmp_path / "run", **options)
    with pytest.raises(UnitscopeError, match="must be 'items' or 'units', not 'cells'"):
        import_file(path, tmp_path / "run", rows="cells", **options)
    pd.DataFrame(RATES).assign(label=KINDS).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(UnitscopeError, match="defines which axis is items"):
        import_file(tmp_path / "t.csv", tmp_path / "run", rows="units")
    assert not (tmp_path / "run").exists()


def test_labels_without_a_header_may_count_one_more(tmp_path):
    np.save(tmp_path / "x.npy", RATES.T)
    (tmp_path / "y.csv").write_text("\n".join(KINDS) + "\n")
    run = import_file(tmp_path / "x.npy", tmp_path / "run", labels=tmp_path / "y.csv")
    np.testing.assert_array_equal(run.activations("units").T, RATES)
    # 11 x 12 and 11 or 12 labels: both ways fit.
    np.save(tmp_path / "z.npy", np.zeros((11, 12)))
    with pytest.raises(UnitscopeError, match="give --rows items"):
        import_file(tmp_path / "z.npy", tmp_path / "other", labels=tmp_path / "y.csv")


def test_csv_of_units_keeps_what_it_says_of_units_and_items(tmp_path):
    items = [f"trial {i}" for i in range(12)]
    table = pd.DataFrame(RATES.T, columns=items)
    table.insert(0, "cell", ["c1", "c2", "c3"])
    table.insert(1, "area", ["V1", "V4", "V1"])
    table.to_csv(tmp_path / "x.csv", index=False)
    pd.DataFrame({"label": KINDS, "side": "left"}).to_csv(tmp_path / "y.csv", index=False)
    run = import_file(tmp_path / "x.csv", tmp_path / "run", labels=tmp_path / "y.csv")
    np.testing.assert_array_equal(run.activations("units").T, RATES)
    assert run.units["name"].tolist() == ["c1", "c2", "c3"]
    assert run.units["area"].tolist() == ["V1", "V4", "V1"]
    assert run.items["item_id"].tolist() == items
    assert set(run.items["side"]) == {"left"}


def test_labels_in_another_order_than_the_activations_are_refused(tmp_path):
    ids = [f"trial {i}" for i in range(12)]
    pd.DataFrame(RATES).assign(item_id=ids).to_csv(tmp_path / "x.csv", index=False)
    pd.DataFrame({"item_id": ids[::-1], "label": KINDS}).to_csv(tmp_path / "y.csv", index=False)
    with pytest.raises(UnitscopeError, match=r"item 0 is 'trial 0' in the activations, but 'trial 11' in"):
        import_file(tmp_path / "x.csv", tmp_path / "run", labels=tmp_path / "y.csv")


def test_answers_may_stand_beside_the_labels(tmp_path):
    np.save(tmp_path / "x.npy", RATES)
    answer = np.where(np.arange(12) < 6, KINDS, "tool")
    pd.DataFrame({"kind": KINDS, "answer": answer}).to_csv(tmp_path / "y.csv", index=False)
    run = import_file(tmp_path / "x.npy", tmp_path / "run", labels=tmp_path / "y.csv", label="kind", predicted="answer")
    assert run.choose_items().sum() == 8
    assert "answer" not in run.items


def test_words_that_look_like_nothing_are_labels(tmp_path):
    words = ["null", "NA", "nan", "007"] * 3
    np.save(tmp_path / "x.npy", RATES)
    for name, header in (("a.csv", "word"), ("b.csv", "label"), ("c.csv", None)):
        (tmp_path / name).write_text("\n".join([header, *words] if header else words) + "\n")
        run = import_file(tmp_path / "x.npy", tmp_path / name[0], labels=tmp_path / name)
        assert [run.classes["class"][i] for i in run.labels[:4]] == ["null", "NA", "nan", "007"]


def test_a_label_too_few_is_no_missing_header(tmp_path):
    np.save(tmp_path / "x.npy", RATES)
    for header in ("label", "kind"):
        (tmp_path / "y.csv").write_text("\n".join([header, *(["a", "b"] * 6)[:11]]) + "\n")
        with pytest.raises(UnitscopeError, match=r"y.csv has 11 labels, but there are 12 items"):
            import_file(tmp_path / "x.npy", tmp_path / "run", labels=tmp_path / "y.csv")
