import numpy as np
import pandas as pd
import pytest

from unitscope.data import match_labels
from unitscope.data.encoding import encode_labels
from unitscope.data.items import class_table
from unitscope.errors import UnitscopeError


def classes(*names, **columns):
    return pd.DataFrame({"class": names, "name": names, **columns})


def test_names_win_over_order():
    mapping, how = match_labels(classes("cat", "dog"), ["dog", "cat"], 2)
    assert (mapping.tolist(), how) == ([1, 0], "by name")
    assert mapping.dtype == np.int64


def test_some_classes_of_many_outputs():
    assert match_labels(classes("b", "d"), list("abcde"), 5)[0].tolist() == [1, 3]


def test_readable_names_and_wnids_count_too():
    table = pd.DataFrame({"class": ["n1", "n2"], "name": ["tench", "great white shark"], "wnid": ["n1", "n2"]})
    outputs = ["Great_White_Shark, white shark", "tench, Tinca tinca", "goldfish"]
    assert match_labels(table, outputs, 3)[0].tolist() == [1, 0]
    assert match_labels(table, ["n2", "n1", "n3"], 3)[0].tolist() == [1, 0]


def test_exact_names_before_loose_ones():
    assert match_labels(classes("Cardigan", "cardigan"), ["cardigan", "Cardigan", "x"], 3)[0].tolist() == [1, 0]


def test_names_that_stand_twice_do_not_decide():
    outputs = ["crane", "heron", "crane"]
    assert match_labels(classes("crane", "heron", "machine"), outputs, 3) == (pytest.approx([0, 1, 2]), "by order")
    with pytest.raises(UnitscopeError, match="3 outputs but the data has 2 classes"):
        match_labels(classes("crane", "heron"), outputs, 3)


def test_names_that_contradict_the_order():
    with pytest.raises(UnitscopeError, match="the class 'dog' is number 0 in the data but output 1 of the network"):
        match_labels(classes("dog", "plane"), ["airplane", "dog"], 2)


def test_order_where_no_names_are_known():
    for known in (None, ["only one name"]):
        assert match_labels(classes("x", "y"), known, 2) == (pytest.approx([0, 1]), "by order")


def test_numbers_that_do_not_fit():
    with pytest.raises(
        UnitscopeError,
        match="the network has 10 outputs but the data has 12 classes; give --label-map FILE or --no-predictions",
    ):
        match_labels(classes(*"abcdefghijkl"), None, 10)


def test_a_label_map_decides(tmp_path):
    file = tmp_path / "map.csv"
    file.write_text("class,output\ncat,2\ndog,zebra\nunused,0\n")
    mapping, how = match_labels(classes("cat", "dog"), ["cat", "zebra", "horse"], 3, str(file))
    assert mapping.tolist() == [2, 1]
    assert how == f"by the label map {file}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("class,out\ncat,2\n", "no column 'output'"),
        ("class,output\ncat,2\n", "no row for the class 'dog'"),
        ("class,output\ncat,2\ndog,3\n", "'dog' to the output '3', which the network does not have.*numbered 0 to 2"),
        ("class,output\ncat,2\ndog,zebr\n", "did you mean 'zebra'"),
        ("class,output\ncat,2\ndog,-1\n", "does not have"),
        ("class,output\ncat,2\ndog,2\n", "the output '2' twice"),
        ("class,output\ncat,2\ncat,1\ndog,0\n", "the class 'cat'"),
    ],
)
def test_what_can_be_wrong_with_a_label_map(tmp_path, text, reason):
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(UnitscopeError, match=reason):
        match_labels(classes("cat", "dog"), ["cat", "zebra", "horse"], 3, str(tmp_path / "map.csv"))


def test_an_absent_label_map(tmp_path):
    with pytest.raises(UnitscopeError, match="--label-map: there is no file"):
        match_labels(classes("cat"), None, 1, str(tmp_path / "none.csv"))


def test_encoding_numbers_of_any_kind():
    labels, names = encode_labels([np.int32(2), 0, np.array(1), 1.0, True], ["a", "b", "c"], "py:x:y")
    assert labels.tolist() == [2, 0, 1, 1, 1]
    assert names == ["a", "b", "c"]


def test_encoding_sorts_what_has_no_names():
    assert encode_labels([10, 9, 10], None, "py:x:y")[1] == ["9", "10"]
    assert encode_labels(["10.5", "-1", "9.5"], None, "py:x:y")[1] == ["-1", "9.5", "10.5"]
    assert encode_labels(["10", "9", "x"], None, "py:x:y")[1] == ["10", "9", "x"]


@pytest.mark.parametrize("label", [-1, 0.5, None, np.array([1, 2]), float("nan"), float("inf")])
def test_what_is_no_label(label):
    with pytest.raises(UnitscopeError, match=r"py:x:y: item 1 has the label .* whole numbers from 0"):
        encode_labels([0, label], ["a", "b"], "py:x:y")


@pytest.mark.parametrize("label", [2, "c"])
def test_a_label_beyond_the_classes(label):
    with pytest.raises(UnitscopeError, match=r"item 0 has the label .* none of its 2 classes"):
        encode_labels([label], ["a", "b"], "py:x:y")


@pytest.mark.parametrize("label", [np.timedelta64(1, "ns"), np.datetime64(1, "ns"), np.ma.masked])
def test_dates_and_masked_values_are_not_class_numbers(label):
    """As plain numbers they are whole ones: nanoseconds, and 0 for what is masked."""
    with pytest.raises(UnitscopeError, match=r"item 1 has the label .*; labels must be class names"):
        encode_labels([0, label], ["a", "b"], "py:x:y")


def test_classes_of_one_name_stay_apart():
    labels, names = encode_labels([0, 1, 2], ["crane", "dog", "crane"], "py:x:y")
    assert labels.tolist() == [0, 1, 2]
    assert class_table(names)["class"].tolist() == ["crane (0)", "dog", "crane (2)"]
    assert class_table(names)["name"].tolist() == ["crane", "dog", "crane"]
    with pytest.raises(UnitscopeError, match="item 1 has 'crane', which is the name of several classes"):
        encode_labels(["dog", "crane"], names, "py:x:y")
