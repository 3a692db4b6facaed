"""One changed byte anywhere in a run is either noticed, with the file's name and the next step, or changes no value."""

import shutil

import numpy as np
import pandas as pd
import pytest
import zarr

from unitscope.errors import UnitscopeError, UnitscopeWarning
from unitscope.measures import CLASSWISE
from unitscope.run import Run, read_status
from unitscope.run.files import read_npz, read_parquet, write_npz, write_parquet
from unitscope.selectivity import measure_run

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 150)
VALUES = {
    "conv5": np.maximum(RNG.normal(size=(150, 70)), 0).astype(np.float32),
    "a/b%c": RNG.random((150, 3)).astype(np.float32),
}
PREDICTED = np.where(RNG.random(150) < 0.8, LABELS, 0)


@pytest.fixture
def run(make_run):
    return make_run(VALUES, LABELS, PREDICTED)


def auc_of(run):
    """Return the directory of an array of the measurement."""
    (path,) = (run.directory / "arrays.zarr" / "selectivity").glob("*/auc")
    return path


def outcome(read):
    """Return what was read, or what the error says."""
    try:
        return read(), ""
    except UnitscopeError as error:
        return None, str(error)


def count_noticed(path, read, equal, message, flips=120):
    """Flip bits all over a file; each read must raise the message or return what is equal. Return how many raised."""
    content, noticed = path.read_bytes(), 0
    places = np.linspace(0, len(content) - 1, flips).astype(int)
    for number, place in enumerate(places):
        changed = bytearray(content)
        changed[place] ^= 1 << number * 3 % 8
        path.write_bytes(changed)
        found, said = outcome(read)
        assert message in said if said else equal(found), (f"bit {number * 3 % 8} of byte {place}", said)
        noticed += bool(said)
    path.write_bytes(content)
    return noticed / flips


def test_every_flipped_byte_of_a_shard_is_noticed_by_every_way_of_reading(run):
    shard = run.directory / "activations.zarr" / "conv5" / "c" / "1" / "0"
    for read in (
        lambda: run.activations("conv5"),
        lambda: run.item_activations("conv5", slice(64, 128)),
        lambda: np.concatenate([run.unit_activations("conv5:0"), run.unit_activations("conv5:69")]),
    ):
        assert count_noticed(shard, read, lambda found: False, str(shard), flips=60) == 1


def test_the_damaged_chunk_is_named_with_its_units_and_items(run):
    shard = run.directory / "activations.zarr" / "conv5" / "c" / "1" / "0"
    content = bytearray(shard.read_bytes())
    # The last bytes are the index: place and length of both chunks, and a checksum of 4 bytes.
    start, length = np.frombuffer(content[-4 - 16 :][:16], "<u8")
    content[int(start) + int(length) // 2] ^= 1
    shard.write_bytes(content)
    np.testing.assert_array_equal(run.unit_activations("conv5:63"), VALUES["conv5"][:, 63])
    np.testing.assert_array_equal(run.item_activations("conv5", slice(0, 64)), VALUES["conv5"][:64])
    with pytest.raises(
        UnitscopeError, match=f"^{shard} is damaged: units 64 to 69 of layer conv5, items 64 to 127 cannot be read"
    ):
        run.unit_activations("conv5:66")
    with pytest.raises(UnitscopeError, match="units 64 to 69 of layer conv5, items 64 to 127"):
        run.item_activations("conv5", slice(100, 130))


@pytest.mark.parametrize("layer", ["conv5", "a%2Fb%25c"])
def test_a_changed_description_of_an_array_is_noticed_or_harmless(run, layer):
    path = run.directory / "activations.zarr" / layer / "zarr.json"
    name = layer.replace("%2F", "/").replace("%25", "%")

    def equal(found):
        return found.dtype == np.float32 and np.array_equal(found, VALUES[name].T)

    assert count_noticed(path, lambda: run.activations(name), equal, str(path.parent)) > 0.8


def test_an_old_array_without_checksums_is_read_and_its_description_restored(run, tmp_path):
    from unitscope.run.activations import restore_arrays, write_metadata

    layer = run.layer("conv5")
    write_metadata(run.directory, run.manifest, layer, checksums=False)
    shutil.rmtree(run.directory / "activations.zarr" / "conv5" / "c")
    array = zarr.open_array(run.directory / "activations.zarr" / "conv5", mode="r+")
    array[:] = VALUES["conv5"]
    np.testing.assert_array_equal(run.activations("conv5"), VALUES["conv5"].T)
    path = run.directory / "activations.zarr" / "conv5" / "zarr.json"
    described = path.read_text()
    assert described.count("crc32c") == 1  # of the index
    path.write_text("{")
    restore_arrays(run.directory, run.manifest)
    assert path.read_text() == described
    np.testing.assert_array_equal(run.activations("conv5"), VALUES["conv5"].T)


@pytest.mark.parametrize("name", ["items", "classes", "units"])
def test_every_flipped_byte_of_the_runs_tables_is_noticed_or_harmless(run, name):
    path, expected = run.directory / f"{name}.parquet", getattr(run, name)
    read = lambda: getattr(Run(run.directory, run.manifest), name)  # noqa: E731
    assert count_noticed(path, read, expected.equals, str(path)) > 0.5


def test_every_flipped_byte_of_a_measured_table_is_noticed_or_harmless(run):
    measure_run(run)
    path, table = run.directory / "tables" / "selectivity.parquet", run.table("selectivity")
    columns, parameters = run.columns("selectivity"), run.parameters("selectivity")

    def read():
        again = Run(run.directory, run.manifest)
        return again.table("selectivity"), again.columns("selectivity"), again.parameters("selectivity")

    def equal(found):
        return found[0].equals(table) and found[1:] == (columns, parameters)

    assert count_noticed(path, read, equal, str(path)) > 0.5


def test_a_table_without_checksums_is_read(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    frame.to_parquet(tmp_path / "old.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "old.parquet", "").to_pandas(), frame)


def test_lists_in_a_table_do_not_look_like_damage(tmp_path):
    frame = pd.DataFrame({"labels": [[1, 2], [], [0]]})
    write_parquet(tmp_path / "lists.parquet", frame)
    assert [list(labels) for labels in read_parquet(tmp_path / "lists.parquet", "").to_pandas()["labels"]] == [
        [1, 2],
        [],
        [0],
    ]


@pytest.mark.parametrize("compress", [False, True])
def test_every_flipped_byte_of_named_arrays_is_noticed_or_harmless(tmp_path, compress):
    arrays = {"x": RNG.random(50), "y": np.arange(7), "z": np.zeros((3, 2), np.uint32)}
    path = tmp_path / "arrays.npz"
    write_npz(path, arrays, compress=compress)
    with np.load(path) as stored:  # still an NPZ file
        assert stored.files == list(arrays)

    def equal(found):
        return found.keys() == arrays.keys() and all(
            np.array_equal(found[name], values) and found[name].dtype == values.dtype for name, values in arrays.items()
        )

    assert count_noticed(path, lambda: read_npz(path, "next"), equal, "; next") > 0.5


@pytest.mark.parametrize("file", ["zarr.json", "c/0/0", "c/1/0"])
def test_every_flipped_byte_of_a_class_wise_array_is_noticed_or_harmless(run, file):
    measure_run(run)
    path, expected = auc_of(run) / file, run.array("selectivity", "auc")
    equal = lambda found: np.array_equal(found, expected, equal_nan=True)  # noqa: E731
    noticed = count_noticed(path, lambda: run.array("selectivity", "auc"), equal, f"unitscope measure {run.directory}")
    assert noticed == 1


def test_a_lost_chunk_of_a_class_wise_array_is_not_taken_for_nan(run):
    measure_run(run)
    assert sorted({*CLASSWISE}) == sorted(path.name for path in auc_of(run).parent.glob("*/"))
    (auc_of(run) / "c" / "1" / "0").unlink()
    with pytest.raises(UnitscopeError, match=r"auc/c/1/0 is missing; run `unitscope measure .*` again"):
        run.array("selectivity", "auc")
    assert run.unit_array("selectivity", "auc", "conv5:3").shape == (4,)


def test_chunks_of_units_without_values_are_written(make_run):
    dead = make_run({"fc": np.zeros((20, 70), np.float32)}, np.arange(20) % 2)
    measure_run(dead)
    assert np.isnan(dead.array("selectivity", "auc")).all()


@pytest.mark.filterwarnings("ignore::unitscope.errors.UnitscopeWarning")
def test_status_verifies_every_file(run):
    measure_run(run)
    assert read_status(run.directory, verify=True).faults == []
    for name in (
        "items.parquet", "classes.parquet", "units.parquet", "predictions/000001.parquet", "ledger/000001.json",
        "tables/selectivity.parquet", "activations.zarr/conv5/zarr.json", "activations.zarr/conv5/c/2/0",
        *(f"{auc_of(run).relative_to(run.directory)}/{file}" for file in ("zarr.json", "c/0/0")),
    ):  # fmt: skip
        path = run.directory / name
        content, faults = path.read_bytes(), []
        for part in range(3, 9):  # some bytes matter to nobody, as statistics of Parquet
            changed = bytearray(content)
            changed[len(changed) // part] ^= 255
            path.write_bytes(changed)
            faults = read_status(run.directory, verify=True).faults
            if faults:
                break
        assert faults, path
        assert str(path) in faults[0] or str(path.parent.parent.parent) in faults[0], (path, faults)
        path.write_bytes(content)
    assert read_status(run.directory, verify=True).faults == []


def test_without_verifying_sizes_and_descriptions_are_checked(run):
    measure_run(run)
    shard = run.directory / "activations.zarr" / "conv5" / "c" / "1" / "0"
    content = bytearray(shard.read_bytes())
    content[10] ^= 1
    shard.write_bytes(content)
    assert read_status(run.directory).faults == []
    assert "has changed since it was written" in read_status(run.directory, verify=True).faults[0]
    (run.directory / "tables" / "selectivity.parquet").write_text("junk")
    status = read_status(run.directory)
    assert status.tables == []
    assert "selectivity.parquet is damaged" in status.faults[0]
    assert status.next_step == f"unitscope measure {run.directory}"


def test_no_warning_is_needed_for_locks_here(run, recwarn):
    from unitscope.run.lock import claim

    with claim(run.directory / ".claims", [0, 1]) as own:
        assert own == [0, 1]
    assert not [warning for warning in recwarn if issubclass(warning.category, UnitscopeWarning)]
