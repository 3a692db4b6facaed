"""Importing: what each format holds is what the run holds, and what is wrong is said in one sentence."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unitscope import import_file
from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.exchange.contents import make_matrix
from unitscope.exchange.import_file import count_new_ties
from unitscope.measures import measure
from unitscope.run import open_run
from unitscope.selectivity import measure_run

RNG = np.random.default_rng(5)
RATES = RNG.normal(size=(12, 3)).astype(np.float32)
KINDS = np.array(["face", "house", "tool"])[np.arange(12) % 3]


@pytest.fixture
def save(tmp_path):
    """Return a function that writes an .npz of the rates, the kinds and whatever else."""

    def write(**arrays):
        arrays = {"V1": RATES, "labels": KINDS} | arrays
        np.savez(tmp_path / "a.npz", **{name: value for name, value in arrays.items() if value is not None})
        return tmp_path / "a.npz"

    return write


def assert_rates(run, layer="V1", values=RATES):
    np.testing.assert_array_equal(run.activations(layer).T, values)


def test_npz_of_several_layers_with_names_and_columns(save, tmp_path):
    other = RNG.normal(size=(12, 2))
    path = save(
        **{"IT": other, "units/IT": np.array(["cell a", "cell b"]), "trial": np.arange(12), "wide": np.ones((5, 4))}
    )
    run = import_file(path, tmp_path / "run")
    assert [(layer.name, layer.units) for layer in run.layers] == [("V1", 3), ("IT", 2)]
    assert_rates(run)
    assert_rates(run, "IT", other.astype(np.float32))
    assert run.units["name"].tolist() == ["V1:0", "V1:1", "V1:2", "cell a", "cell b"]
    assert run.classes["class"].tolist() == run.classes["name"].tolist() == ["face", "house", "tool"]
    assert run.classes["name"].to_numpy()[run.labels].tolist() == KINDS.tolist()
    assert run.items["trial"].tolist() == list(range(12))
    assert run.items["item_id"].iloc[3] == "00003"
    assert not run.manifest.predictions
    assert run.manifest.provenance["imported"] == {"spec": "a.npz", "format": "npz"}


def test_measured_like_the_array(save, tmp_path):
    run = import_file(save(V1=np.abs(RATES)), tmp_path / "run")
    found, expected = measure_run(run), measure(np.abs(RATES), KINDS)
    for name in expected.columns.drop("unit"):
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_npy_with_labels_apart(tmp_path):
    np.save(tmp_path / "x.npy", RATES)
    np.save(tmp_path / "y.npy", KINDS)
    run = import_file(tmp_path / "x.npy", tmp_path / "run", labels=tmp_path / "y.npy", layer="V4")
    assert_rates(run, "V4")
    assert (run.classes["class"].to_numpy()[run.labels] == KINDS).all()
    assert import_file(tmp_path / "x.npy", tmp_path / "r2", labels=tmp_path / "y.npy").layers[0].name == "units"


def test_npy_maps_become_their_maximum(tmp_path):
    maps = RNG.normal(size=(12, 3, 4, 5)).astype(np.float32)
    np.save(tmp_path / "x.npy", maps)
    np.save(tmp_path / "y.npy", KINDS)
    run = import_file(tmp_path / "x.npy", tmp_path / "run", labels=tmp_path / "y.npy")
    assert_rates(run, "units", maps.max((2, 3)))
    assert (run.layers[0].positions, run.layers[0].reduction) == ((4, 5), "max")


def test_csv_table(tmp_path):
    table = pd.DataFrame(RATES, columns=["c1", "c2", "c3"]).assign(label=KINDS, depth=0.5, area="V1")
    table.to_csv(tmp_path / "t.csv")  # with the nameless index that pandas writes
    run = import_file(tmp_path / "t.csv", tmp_path / "run", item_columns="depth")
    assert_rates(run, "units")
    assert run.units["name"].tolist() == ["c1", "c2", "c3"]
    assert run.items[["depth", "area"]].iloc[0].tolist() == [0.5, "V1"]
    assert run.items["item_id"].tolist() == [str(i) for i in range(12)]
    some = import_file(tmp_path / "t.csv", tmp_path / "some", activations="c[12]", layer="cells")
    assert_rates(some, "cells", RATES[:, :2])
    assert "c3" in some.items


@pytest.mark.parametrize("header", [True, False])
def test_csv_matrix_and_labels_with_and_without_headers(tmp_path, header):
    pd.DataFrame(RATES).to_csv(tmp_path / "x.csv", index=False, header=header)
    pd.DataFrame({"kind": KINDS}).to_csv(tmp_path / "y.csv", index=False, header=header)
    run = import_file(tmp_path / "x.csv", tmp_path / "run", labels=tmp_path / "y.csv")
    assert_rates(run, "units")
    assert (run.classes["class"].to_numpy()[run.labels] == KINDS).all()


def test_labels_that_are_numbers_stand_in_order_and_text_stays_text(tmp_path):
    values = [90, 22.5, -45] * 4
    pd.DataFrame(RATES).assign(angle=values).to_csv(tmp_path / "t.csv", index=False)
    run = import_file(tmp_path / "t.csv", tmp_path / "run", label="angle")
    assert run.classes["class"].tolist() == ["-45", "22.5", "90"]
    assert run.labels.tolist() == [2, 1, 0] * 4
    pd.DataFrame(RATES).assign(label=["007", "7", "70"] * 4).to_csv(tmp_path / "u.csv", index=False)
    assert set(import_file(tmp_path / "u.csv", tmp_path / "run2").classes["class"]) == {"007", "7", "70"}


def test_wordnet_ids_and_readable_names(save, tmp_path):
    ids = np.array(["n01440764", "n01443537", "n01484850"])[np.arange(12) % 3]
    run = import_file(save(labels=ids), tmp_path / "run")
    assert run.classes["wnid"].tolist() == run.classes["class"].tolist() == sorted(set(ids))
    (tmp_path / "names.csv").write_text("wnid,name\nn01443537,goldfish\nn01440764,tench\nn01484850,shark\nn1,x\n")
    run = import_file(save(labels=ids), tmp_path / "named", classes=tmp_path / "names.csv")
    assert run.classes["name"].tolist() == ["tench", "goldfish", "shark"]


@pytest.mark.parametrize(
    ("labels", "predicted"),
    [
        (KINDS, np.where(np.arange(12) < 6, KINDS, "tool")),
        (KINDS, np.where(np.arange(12) < 6, np.arange(12) % 3, 2)),
        (np.arange(12) % 3 * 10, np.where(np.arange(12) < 6, np.arange(12) % 3, 2) * 10),
    ],
    ids=["names", "places", "numbers"],
)
def test_predictions(save, tmp_path, labels, predicted):
    run = import_file(save(labels=labels, predicted=predicted), tmp_path / "run")
    assert run.items["predicted"].tolist() == [0, 1, 2, 0, 1, 2] + [2] * 6
    assert run.items["correct"].tolist() == [True] * 6 + [False, False, True] * 2
    assert run.items["probability"].isna().all()
    assert run.choose_items().sum() == 8


def test_a_prediction_that_is_no_class_here(save, tmp_path):
    run = import_file(save(predicted=np.where(np.arange(12) < 6, KINDS, "zebra")), tmp_path / "run")
    assert run.items["predicted"].tolist() == [0, 1, 2, 0, 1, 2] + [-1] * 6
    with pytest.raises(UnitscopeError, match=r"none of the predictions .*'faces'.*did you mean 'face'"):
        import_file(save(predicted=np.full(12, "faces")), tmp_path / "other")


def test_numbers_are_places_in_classes_of_names_but_names_in_classes_of_numbers(save, tmp_path):
    run = import_file(save(labels=np.arange(12) % 3, classes=np.array(["2", "0", "1"])), tmp_path / "run")
    assert (run.classes["class"].tolist(), run.labels[:3].tolist()) == (["2", "0", "1"], [0, 1, 2])
    run = import_file(save(labels=np.arange(12) % 3, classes=np.array([2, 0, 1])), tmp_path / "run2")
    assert (run.classes["class"].tolist(), run.labels[:3].tolist()) == (["2", "0", "1"], [1, 2, 0])


def test_items_of_several_classes(save, tmp_path):
    members = RNG.random((12, 4)) < 0.4
    members[:2] = [[1, 1, 0, 0], [0, 0, 0, 0]]
    run = import_file(
        save(labels=members, classes=np.array(["a", "b", "c", "d"]), predicted=np.zeros(12, int)), tmp_path / "run"
    )
    assert run.multi_label
    np.testing.assert_array_equal(run.memberships, members)
    np.testing.assert_array_equal(run.items["correct"], members[:, 0])
    pd.DataFrame(members.astype(int), columns=list("abcd")).to_csv(tmp_path / "y.csv", index=False)
    np.save(tmp_path / "x.npy", RATES)
    run = import_file(tmp_path / "x.npy", tmp_path / "csv", labels=tmp_path / "y.csv")
    np.testing.assert_array_equal(run.memberships, members)
    assert run.classes["class"].tolist() == list("abcd")


def test_one_hot_labels_are_labels(save, tmp_path):
    run = import_file(save(labels=np.eye(3)[np.arange(12) % 3]), tmp_path / "run")
    assert not run.multi_label
    assert run.labels.tolist() == [0, 1, 2] * 4


@pytest.mark.parametrize(
    ("arrays", "options", "says"),
    [
        ({"V1": np.where(np.arange(36).reshape(12, 3) == 7, np.nan, RATES)}, {}, r"V1:1 has no value \(NaN\) .* 00002"),
        ({"V1": RATES.astype(float) * 1e300}, {}, r"V1:\d has the value .* out of range for float32"),
        ({"V1": np.full((12, 3), np.inf, np.float16)}, {}, r"V1:0 has the value inf .* 00000"),
        ({"labels": None}, {}, "no labels; select them with --label"),
        ({"labels": KINDS[:5]}, {}, "a different number of items than 5 labels"),
        ({"labels": np.where(np.arange(12) == 4, "", KINDS)}, {}, "the item 00004 has no label"),
        ({"labels": np.full((12, 2), 2)}, {}, "must all be 0 or 1"),
        ({"labels": np.array(list(KINDS), object)}, {}, r"labels in .* cannot be read .* dtype=str"),
        ({"labels": np.arange(12), "classes": np.array(["a", "b"])}, {}, "item 00002 has the label 2, which is none"),
        ({"item_id": np.zeros(12)}, {}, "item_id '0' more than once"),
        ({"V1": np.array(["a"] * 12)}, {}, r"no numeric matrix.*V1 \(12\)"),
        ({"units": np.array(["a"])}, {}, "1 names for the 3 units of V1"),
        ({}, {"label": "lables"}, r"no array 'lables' .did you mean 'labels'\?.; it has: V1, labels"),
        ({}, {"activations": "V2"}, r"no matrix 'V2' .* it has: V1 \(12 x 3\)"),
        ({}, {"average_over": "stimulus"}, "no column 'stimulus' to average over"),
        ({"V2": RATES}, {"layer": "x"}, "names one layer, but the file has 2"),
        ({}, {"labels": "none.csv"}, "no file 'none.csv'"),
    ],
)
@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_bad_input_is_refused_and_nothing_is_written(save, tmp_path, arrays, options, says):
    path = save(**arrays)
    with pytest.raises(UnitscopeError, match=says):
        import_file(path, tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\0\0", "has an unknown format; import reads .npz"),
        (b"PK\3\4junk", "has an unknown format"),
        (b"a,b\n1,2\n", r"no column of labels \(label\).*: a, b"),
        (b"label,b\nx,y\n", "no numeric columns other than the label"),
        (b"label,b\n", "has no rows"),
        (b"\x89HDF\r\n\x1a\njunk", "damaged HDF5"),
    ],
)
def test_strange_files(tmp_path, content, says):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(UnitscopeError, match=says):
        import_file(tmp_path / "f", tmp_path / "run")


def test_new_ties_are_counted(save, tmp_path):
    values = RATES.astype(np.float64)
    values[1, 0] = values[0, 0] + 1e-12
    values[3, 2] = values[2, 2] + 1e-12
    values[4, 2] = values[2, 2] - 1e-12
    with pytest.warns(UnitscopeWarning, match="3 values of 2 units of V1 become equal"):
        import_file(save(V1=values), tmp_path / "run")


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 12), st.integers(1, 3)),
        elements=st.sampled_from([0.0, -0.0, 1.0, 1 + 1e-12, 1 - 1e-12, -3.0, -3 - 1e-15, 2.0**-150, 0.1, 1e-300]),
    )
)
def test_new_ties_by_brute_force(values):
    expected = [len(set(column)) - len(set(column.astype(np.float32))) for column in values.T]
    assert count_new_ties(values).tolist() == expected


def test_truth_values_and_whole_numbers_are_activations_too(save, tmp_path):
    for name, values in (("a", RATES > 0), ("b", (RATES * 50).astype(np.int8)), ("c", np.arange(36).reshape(12, 3))):
        assert_rates(import_file(save(V1=values), tmp_path / name), values=values.astype(np.float32))
    with pytest.warns(UnitscopeWarning, match="3 values of 3 units of V1 become equal"):
        import_file(save(V1=np.arange(36).reshape(12, 3) // 3 % 4 + 2**24), tmp_path / "d")


def test_values_that_float32_rounds_without_ties_pass_in_silence(save, tmp_path):
    assert_rates(import_file(save(V1=RATES.astype(np.float64) + 1e-12), tmp_path / "run"))


def test_stopped_in_the_middle_it_goes_on_to_the_same_bits(save, tmp_path):
    path = save(predicted=KINDS)
    whole = import_file(path, tmp_path / "whole", block_items=5)

    def stop(doing, done, total):
        if doing == "importing" and done > 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(path, tmp_path / "run", block_items=5, progress=stop)
    with pytest.raises(UnitscopeError, match="not finished"):
        open_run(tmp_path / "run")
    seen = []
    run = import_file(path, tmp_path / "run", block_items=5, progress=lambda doing, done, total: seen.append(doing))
    assert "checking" not in seen
    assert seen.count("importing") == 1
    assert_rates(run)
    pd.testing.assert_frame_equal(run.items, whole.items)


def test_another_run_is_left_alone_and_the_same_one_is_returned(save, tmp_path):
    run = import_file(save(), tmp_path / "run")
    before = (run.directory / "run.json").read_bytes()
    import_file(save(), tmp_path / "run")
    with pytest.raises(UnitscopeError, match=r"holds another run .*sha256"):
        import_file(save(V1=RATES + 1), tmp_path / "run")
    with pytest.raises(UnitscopeError, match="holds another run"):
        import_file(save(), tmp_path / "run", layer="V9")
    assert (run.directory / "run.json").read_bytes() == before
    assert_rates(run)


def test_averaging_the_trials_of_a_stimulus(save, tmp_path):
    stimulus = np.array(["s2", "s1", "s0"])[np.arange(12) % 3]
    stimulus[11] = "s9"
    path = save(stimulus=stimulus, trial=np.arange(12), size=np.arange(12) % 3)
    run = import_file(path, tmp_path / "run", average_over="stimulus")
    assert run.items["item_id"].tolist() == ["s2", "s1", "s0", "s9"]
    assert run.items["trials"].tolist() == [4, 4, 3, 1]
    assert run.items["size"].tolist() == [0, 1, 2, 2]
    assert "trial" not in run.items
    assert run.labels.tolist() == [0, 1, 2, 2]
    expected = [RATES[stimulus == name].astype(float).mean(0) for name in ("s2", "s1", "s0", "s9")]
    np.testing.assert_allclose(run.activations("V1").T, expected, rtol=1e-6)
    with pytest.raises(UnitscopeError, match="the trials of stimulus same have different labels"):
        import_file(save(stimulus=np.full(12, "same")), tmp_path / "other", average_over="stimulus")


def test_averaging_over_a_numeric_column_of_a_table(tmp_path):
    pd.DataFrame({"label": ["a", "a", "b", "b"], "image": [7, 7, 8, 8], "c": [1.0, 2.0, -3.0, -5.0]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    run = import_file(tmp_path / "t.csv", tmp_path / "run", average_over="image")
    assert run.units["name"].tolist() == ["c"]
    assert run.activations("units").tolist() == [[1.5, -4.0]]
    assert run.items["item_id"].tolist() == ["7", "8"]


@pytest.mark.parametrize(
    ("arrays", "labels"),
    [
        ({"predicted": ["a"] * 6, "probability": [1.0, 0.5]}, None),
        ({"predicted": ["a"] * 6, "probability": ["x"] * 6}, None),
        ({"classes": ["a", "b"], "class_names": ["A"]}, None),
        ({"item_ids": ["i", "j"]}, None),
        ({"activations/": np.ones((6, 2))}, None),
        ({"..": np.ones((6, 2))}, None),
        ({}, np.array({"no": "labels"}, object)),
        ({}, np.array(3)),
    ],
)
def test_parts_that_do_not_fit_together_are_one_sentence(tmp_path, arrays, labels):
    own = {"x": np.ones((6, 2)), "labels": list("aabbab")}
    if labels is not None:
        own.pop("labels")
        np.save(tmp_path / "l.npy", labels)
    np.savez(tmp_path / "a.npz", **own, **arrays)
    with pytest.raises(UnitscopeError):
        import_file(tmp_path / "a.npz", tmp_path / "run", labels=None if labels is None else tmp_path / "l.npy")
    assert not (tmp_path / "run").exists()


def test_dates_and_durations_name_classes(save, tmp_path):
    days = np.array(["2024-01-01", "2024-01-02"], "M8[ns]")[np.arange(12) % 2]
    run = import_file(save(labels=days), tmp_path / "days")
    assert [name[:10] for name in run.classes["name"]] == ["2024-01-01", "2024-01-02"]
    days[4] = "NaT"
    with pytest.raises(UnitscopeError, match="the item 00004 has no label"):
        import_file(save(labels=days), tmp_path / "missing")
    run = import_file(save(labels=np.arange(12).astype("m8[s]") // 6), tmp_path / "waits")
    assert run.classes["name"].tolist() == ["0 seconds", "1 seconds"]


def test_labels_by_a_name_of_several_classes_are_refused(save, tmp_path):
    classes = {"classes": np.array(["n1", "n2", "n3"]), "class_names": np.array(["crane", "dog", "crane"])}
    ids = classes["classes"][np.arange(12) % 3]
    run = import_file(save(labels=ids, **classes), tmp_path / "run")
    assert np.bincount(run.labels).tolist() == [4, 4, 4]
    names = classes["class_names"][np.arange(12) % 3]
    for wrong in ({"labels": names}, {"labels": ids, "predicted": names}):
        with pytest.raises(UnitscopeError, match="item 00000 has 'crane', which is the name of several classes"):
            import_file(save(**wrong, **classes), tmp_path / "refused")


def test_a_table_of_classes_names_each_once(tmp_path):
    np.save(tmp_path / "rates.npy", RATES)
    rows = "\n".join(["cat,dog,cat", *(["1,0,1", "0,1,0"] * 6)])
    (tmp_path / "labels.csv").write_text(rows)
    with pytest.raises(UnitscopeError, match="has the column 'cat' twice; class names must be unique"):
        import_file(tmp_path / "rates.npy", tmp_path / "run", labels=tmp_path / "labels.csv")


def test_complex_values_are_not_cut_to_their_real_part():
    matrix = make_matrix("V1", (2, 2), 16, (RATES[:2, :2] + 1j).__getitem__)
    with pytest.raises(UnitscopeError, match="the values of V1 are complex64, not real numbers"):
        matrix.read_checked(slice(0, 2), ["a", "b"])
