"""Superclasses: the shipped nouns are WordNet 3.0's, and the classes of ImageNet lie where people expect them."""

import pandas as pd
import pytest
from PIL import Image

from unitscope.data import load_data
from unitscope.data.wordnet import are_wnids, choose_superclasses, find_superclasses, nouns, usual_words
from unitscope.errors import UnitscopeError

DOG, CAT, BIRD, CAR, BUS = "n02084071", "n02121808", "n01503061", "n02958343", "n02924116"
MINIBUS, SCHOOL_BUS, TROLLEYBUS = "n03769881", "n04146614", "n04487081"


def test_every_noun_leads_up_to_entity():
    above = nouns()["hypernyms"]
    assert len(above) == 82_115  # nouns in WordNet 3.0, by its own statistics (wnstats)
    [root] = above.index[above == ""]
    assert nouns()["words"][root] == "entity"
    assert {noun for line in above for noun in line.split(",") if noun} <= set(above.index)


def test_the_buses_of_the_paper_are_a_superclass():
    found = {noun.wnid: noun for noun in find_superclasses([MINIBUS, SCHOOL_BUS, TROLLEYBUS, DOG])}
    assert found[BUS].members == (MINIBUS, SCHOOL_BUS, TROLLEYBUS)
    assert found[BUS].words[0] == "bus"
    assert DOG not in found  # above one class only
    assert choose_superclasses(["bus"], [MINIBUS, SCHOOL_BUS, DOG]) == {"bus": (MINIBUS, SCHOOL_BUS)}
    assert choose_superclasses([BUS], [MINIBUS, SCHOOL_BUS, DOG]) == {BUS: (MINIBUS, SCHOOL_BUS)}


def test_what_is_above_all_classes_tells_nothing_apart():
    words = {noun.words[0] for noun in find_superclasses([DOG, CAT, BIRD])}
    assert "carnivore" in words
    assert not words & {"animal", "vertebrate", "entity"}


def test_no_such_superclass_is_one_sentence():
    with pytest.raises(UnitscopeError, match=r"carnivor is not a noun above .* .did you mean 'carnivore'"):
        choose_superclasses(["carnivor"], [DOG, CAT, BIRD])
    with pytest.raises(UnitscopeError, match="classes that are WordNet IDs"):
        choose_superclasses(["dog"], ["cat", "dog"])


def test_a_word_of_two_meanings_with_as_many_classes_must_be_chosen_by_id():
    birds, machines = "n02012849", "n03126707"  # crane and crane
    both = [noun for noun in nouns().index if nouns()["hypernyms"][noun] in (birds, machines)]
    meanings = {noun.wnid: len(noun.members) for noun in find_superclasses([*both, DOG])}
    if meanings.get(birds) == meanings.get(machines):
        with pytest.raises(UnitscopeError, match="several meanings"):
            choose_superclasses(["crane"], [*both, DOG])
    else:
        chosen = choose_superclasses(["crane"], [*both, DOG])["crane"]
        assert len(chosen) == max(meanings.get(birds, 0), meanings.get(machines, 0))


def test_folders_that_are_wordnet_ids_are_named_in_words(tmp_path):
    for wnid in (DOG, "n02012849", "n03126707"):
        (tmp_path / wnid).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / wnid / "a.png")
    classes = load_data(f"folder:{tmp_path}").classes
    assert classes["name"].tolist() == ["crane (n02012849)", "dog", "crane (n03126707)"]
    assert classes["wnid"].tolist() == classes["class"].tolist()
    (tmp_path / "n02012849").rename(tmp_path / "crane")
    classes = load_data(f"folder:{tmp_path}").classes
    assert classes["name"].tolist() == ["crane", DOG, "n03126707"]  # some are none: nothing is guessed


def test_real_imagenet_names_are_the_usual_words(real):
    table = pd.read_csv(real / "imagenet-classes.csv", dtype=str)
    assert are_wnids(table["wnid"])
    ours = [word.partition(" (")[0].casefold() for word in usual_words(table["wnid"].tolist())]
    assert ours == [name.split(",")[0].partition(" (")[0].strip().casefold() for name in table["name"]]


def test_real_imagenet_classes_have_the_superclasses_people_know(real):
    wnids = pd.read_csv(real / "imagenet-classes.csv", dtype=str)["wnid"].tolist()
    sizes = {name: len(members) for name, members in choose_superclasses(["dog", "bird", "vehicle"], wnids).items()}
    assert sizes == {"dog": 118, "bird": 59, "vehicle": 67}  # 118 dogs are well known: Russakovsky et al. 2015
