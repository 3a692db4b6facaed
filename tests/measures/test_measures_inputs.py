"""What `measure` reads as meant, and what it refuses in one sentence: masks, indexes, names, types, missing labels."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from unitscope.errors import UnitscopeError
from unitscope.measures import measure

X = np.array([[5.0, 1], [4, 2], [1, 3], [0, 3], [0, 9], [0, 8]])
WORDS = ["a", "a", "b", "b", "c", "c"]
NUMBERS = np.arange(6) // 2
FRAME = pd.DataFrame(X, columns=["u", "v"])
MEMBERS = np.eye(3, dtype=bool)[NUMBERS]
MASKED = np.ma.masked_array(X, mask=np.arange(12).reshape(6, 2) == 7)


def assert_read_like(table, expected):
    pd.testing.assert_frame_equal(table.drop(columns="unit"), expected.drop(columns="unit"))


@pytest.mark.parametrize(
    "x",
    [
        np.ma.masked_array(X, mask=False),
        X.tolist(),
        np.repeat(X, 2, axis=1)[:, ::2],
        np.asfortranarray(X),
        X.astype(">f8"),
        X.astype(">f4"),
        X.astype(np.float16),
        X.astype(np.int8),
        sparse.csr_matrix(X),
        sparse.coo_array(X),
        FRAME,
        FRAME.astype("Int64"),
        FRAME.astype({"u": "Float32"}),
        FRAME.astype(pd.SparseDtype(float)),
    ],
    ids=lambda x: f"{type(x).__name__}",
)
def test_numbers_are_read_whatever_holds_them(x):
    assert_read_like(measure(x, WORDS), measure(X, WORDS))


def test_read_only_arrays_and_truth_values_are_read():
    x = X.copy()
    x.setflags(write=False)
    assert_read_like(measure(x, WORDS), measure(X, WORDS))
    assert_read_like(measure(X > 1, WORDS), measure((X > 1).astype(float), WORDS))


def test_tensors_are_read_with_or_without_gradient():
    torch = pytest.importorskip("torch")
    x, labels = torch.tensor(X, requires_grad=True), torch.tensor(NUMBERS)
    for given in (labels, list(labels)):
        assert_read_like(measure(x, given), measure(X, NUMBERS))
    with pytest.raises(UnitscopeError, match=r"activations cannot be read as an array .*BFloat16"):
        measure(x.bfloat16(), labels)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (MASKED, r"activations have masked values, the first at \[3, 1\]; leave out such"),
        (X.astype("m8[s]"), r"type timedelta64\[s\] are not a matrix of real numbers"),
        (X.astype("M8[s]"), r"type datetime64\[s\] are not a matrix"),
        (X + 1j, "type complex128 are not a matrix"),
        (X.astype(str), "type <U32 are not a matrix"),
        (X.astype(object), r"type object are not a matrix .* with .astype.float"),
        (X[None], r"shape \(1, 6, 2\) .* not a matrix"),
        (5.0, r"shape \(\) .* not a matrix"),
        ([[1, 2], [3]], "activations cannot be read as an array"),
        (FRAME.assign(w=WORDS), "the column w of the activations is .* not numbers; choose the columns that are units"),
        (FRAME.assign(w=pd.Timedelta(1)), "the column w of the activations is timedelta64"),
        (FRAME.astype("Float64").mask(FRAME == 9), "unit v has the value nan for item 4"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused(x, message):
    with pytest.raises(UnitscopeError, match=message):
        measure(x, WORDS)


@pytest.mark.parametrize(
    "labels",
    [
        [word.encode() for word in WORDS],
        np.array(WORDS, "S"),
        np.array(WORDS)[:, None],
        [[word] for word in WORDS],
        pd.DataFrame({"label": WORDS}),
        pd.Series(WORDS, index=list("zyxwvu")),  # by position: activations have no index
        pd.array(WORDS, "string"),
        pd.Categorical(WORDS, categories=["z", "c", "b", "a"]),  # one category has no items
        pd.Index(WORDS),
        np.ma.masked_array(WORDS),
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_labels_are_read_whatever_holds_them(labels):
    assert_read_like(measure(X, labels), measure(X, WORDS))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (NUMBERS - 1, ["-1", "0", "1"]),
        (NUMBERS[:, None], ["0", "1", "2"]),
        (pd.array(NUMBERS, "Int64"), ["0", "1", "2"]),
        (NUMBERS / 2, ["0.0", "0.5", "1.0"]),
        (NUMBERS.astype("m8[D]"), ["0 days", "1 days", "2 days"]),
    ],
)
def test_numbers_name_classes(labels, names):
    table = measure(X, labels)
    assert table["auc_class"].tolist() == [names[0], names[2]]


def test_a_matrix_of_classes_may_be_sparse_or_a_frame():
    expected = measure(X, MEMBERS, class_names=["a", "b", "c"])
    assert_read_like(measure(X, sparse.csr_array(MEMBERS), class_names=["a", "b", "c"]), expected)
    for dtype in (bool, "boolean"):
        assert_read_like(measure(X, pd.DataFrame(MEMBERS, columns=["a", "b", "c"]).astype(dtype)), expected)
    one = measure(X, pd.DataFrame({"face": MEMBERS[:, 0]}))
    assert one["auc_class"].tolist() == ["face", "face"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([{"a"}, {"a", "b"}, {"b"}, {"b"}, {"c"}, {"c"}], r"item 0 has the set {'a'} as its label; give one label for"),
        ([["a"], ["a", "b"], [], ["b"], ["c"], ["c"]], r"item 0 has the list \['a'\] as its label"),
        ([("a", 1)] * 6, "a matrix of labels says which item is of which class; it is object, not bool"),
        (MEMBERS.astype(int), r"it is int64, not bool .*\.astype\(bool\) of 0 and 1"),
        (np.ma.masked_array(NUMBERS, mask=NUMBERS == 1), r"labels have masked values, the first at \[2\]"),
        (np.ma.masked_array(MEMBERS, mask=MEMBERS), r"labels have masked values, the first at \[0, 0\]"),
        (pd.Categorical(["a", "a", "b", "b", None, None]), r"item 4 has no label \(2 without"),
        (pd.array([0, 0, 1, 1, 2, pd.NA], "Int64"), "item 5 has no label"),
        (np.array(["2020", "NaT"] * 3, "M8[Y]"), "item 1 has no label"),
        (["a", "", "b", "b", "c", "c"], "item 1 has no label"),
        (["a", "a", 1, 1, "c", "c"], "labels are of several kinds"),
        ([b"\xff"] * 6, "not UTF-8"),
        (NUMBERS[None], r"labels of shape \(1, 6\) do not fit 6 items"),
        (np.zeros(6, "i4,i4"), "labels are records"),
        (pd.DataFrame(MEMBERS, columns=["a", "b", "a"]), "names of classes have a twice; give each a name of its own"),
    ],
)
def test_labels_that_are_not_one_per_item_are_refused(labels, message):
    with pytest.raises(UnitscopeError, match=message):
        measure(X, labels)


def test_pandas_indexes_must_be_equal():
    labels = pd.Series(WORDS)
    assert_read_like(measure(FRAME, labels), measure(X, WORDS))
    shuffled = labels[::-1]
    with pytest.raises(UnitscopeError, match=r"another index than activations \(item 0 is 5 and 0\); give labels.loc"):
        measure(FRAME, shuffled)
    with pytest.raises(UnitscopeError, match="another index"):
        measure(FRAME["u"], pd.DataFrame(MEMBERS, index=shuffled.index))
    # Both ways out of the message.
    assert_read_like(measure(FRAME, shuffled.loc[FRAME.index]), measure(X, WORDS))
    assert_read_like(measure(FRAME, shuffled.to_numpy()), measure(X, WORDS[::-1]))


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("ab", "names of units must be a list with one name for each, not the str 'ab'"),
        ({"u"}, "not the set {'u'}"),
        (5, "not the int 5"),
        (["u", "u"], "names of units have u twice"),
        (["u", None], "names of units have None at place 1"),
        (["u"], "there are 1 names for 2 units"),
    ],
)
def test_units_have_a_name_each(units, message):
    with pytest.raises(UnitscopeError, match=message):
        measure(X, WORDS, units=units)
    assert measure(X, WORDS, units=[b"u", "v"])["unit"].tolist() == ["u", "v"]


def test_classes_have_a_name_each():
    assert measure(X, NUMBERS, class_names=np.array(["a", "b", "c"]))["auc_class"].tolist() == ["a", "c"]
    for names, message in ((["a", "b", "a"], "a twice"), ("abc", "not the str 'abc'"), (["a"], "numbers from 0 to 0")):
        with pytest.raises(UnitscopeError, match=message):
            measure(X, NUMBERS, class_names=names)
    with pytest.raises(UnitscopeError, match="b twice"):
        measure(X, MEMBERS, class_names=["a", "b", "b"])


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"x": "ab"}, r"class set x must list its classes, \['ab'\], not 'ab'"),
        ({"x": None}, "class set x must list its classes"),
        ([("x", ["a"])], "class_sets must be names with their classes"),
        ({"a": ["a", "b"]}, "class set a bears the name of a class"),
        ({"x": ["a", "q"]}, "has a class that no item has"),
    ],
)
def test_class_sets_list_their_classes(sets, message):
    with pytest.raises(UnitscopeError, match=message):
        measure(X, WORDS, class_sets=sets)


def test_class_sets_of_numbers_and_bytes():
    x = [0.0, 0, 3, 5, 4, 6]  # b and c are above a, and neither is above the other
    assert measure(x, NUMBERS, class_sets={"x": [1, 2]})["auc_class"].tolist() == ["x"]
    assert measure(x, WORDS, class_sets={b"x": [b"b", b"c"]})["auc_class"].tolist() == ["x"]
