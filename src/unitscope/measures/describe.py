"""What every column of the selectivity table and every class-wise array means."""

import re
from collections.abc import Mapping
from dataclasses import replace

from ..columns import Column, link_by_name, top_name

BOWERS = "Bowers et al. 2014"
GALE = "Gale et al. 2020"
GALE_2019 = "Gale et al. 2019"
ZHOU = "Zhou et al. 2015"
MORCOS = "Morcos et al. 2018"
RAFEGAS = "Rafegas et al. 2020"
POWERS = "Powers 2003; Gale et al. 2020"
SDT = "signal detection theory"


def measure(name: str, title: str, definition: str, formula: str, source: str, low: float | None = 0.0,
            high: float | None = 1.0) -> Column:  # fmt: skip
    """Describe a measure."""
    return Column(name, title, definition, formula, low, high, source)


def klass(of: str, title: str) -> Column:
    """Describe the class that goes with a column."""
    return Column(f"{of}_class", f"{title}: class", f"class of the largest {title.lower()}", kind="class")


def value(name: str, title: str, definition: str) -> Column:
    """Describe a column in units of activation."""
    return Column(name, title, definition, kind="value")


def share(name: str, title: str, definition: str, formula: str = "", source: str = GALE) -> Column:
    """Describe a share between 0 and 1 that is no measure of selectivity by itself."""
    return Column(name, title, definition, formula, 0.0, 1.0, source, kind="share")


def flag(name: str, title: str, definition: str, source: str) -> Column:
    """Describe a yes or no."""
    return Column(name, title, definition, source=source, kind="flag")


def count(name: str, title: str, definition: str, source: str = "") -> Column:
    """Describe a number of things."""
    return Column(name, title, definition, low=0.0, source=source, kind="count")


def above_chance(of: str, title: str, formula: str = "(value - chance) / (1 - chance)") -> Column:
    """Describe a measure on a scale that does not depend on what the classes give by chance."""
    return Column(f"{of}_above_chance", f"{title} above chance", f"{title}, so scaled that 0 is its chance level",
                  formula, None, 1.0, kind="above_chance")  # fmt: skip


MI = "max_informedness"
AT_MI = "at the threshold of maximum informedness"

COLUMNS = link_by_name({
    column.name: column
    for column in [
        Column("unit", "Unit", "the unit's id, layer:index", kind="text"),
        Column("layer", "Layer", "the unit's layer", kind="text"),
        count("index", "Index", "the unit's number within its layer"),
        count("n_items", "Items", "number of items that were used, N"),
        count("n_classes", "Classes", "number of classes with at least one of these items, C"),
        Column("undefined", "Undefined", "why some measures have no value or cannot reach the end of "
               "their scale; empty where neither is so", kind="text"),
        flag("localist", "Localist", "every item of some class is more active than every other item", BOWERS),
        Column("localist_class", "Localist: class", "the class of a localist unit", source=BOWERS, kind="class"),
        flag("localist_off", "Localist (off)", "every item of some class is less active than every other item", BOWERS),
        Column("localist_off_class", "Localist (off): class", "the class of a localist-off unit", kind="class"),
        Column("recall_at_precision_1_class", "Top class", "class of the most active item; none where several tie",
               kind="class"),
        count("top_class_selectivity", "Top-class selectivity",
              "items of the most active item's class above every item of any other class", GALE_2019),
        measure("recall_at_precision_1", "Recall at perfect precision",
                "share of the top class's items that are above every item of any other class",
                "max recall(t) with precision(t) = 1", GALE),
        measure("precision_60", "Precision",
                "largest share of one class among the 60 most active items; items tied at the last place "
                "count in proportion", "max_A |top 60 in A| / 60", f"{ZHOU}; {GALE}"),
        klass("precision_60", "Precision"),
        value("precision_60_threshold", "Threshold of the top 60", "activation of the last of the 60 most active "
              "items"),
        flag("zhou_detector", "Detector by precision", "precision among the 60 most active items above .75", ZHOU),
        measure("ccmas", "CCMAS", "contrast of the mean activation in the class of highest mean with that of all "
                "other items; below 0 only where class sets alone compete and the rest is more active",
                "(mu_A - mu_notA) / (mu_A + mu_notA)", f"{MORCOS}; {GALE}", -1.0),
        klass("ccmas", "CCMAS"),
        measure("class_selectivity", "Class selectivity", "as CCMAS, against the mean of the other classes' means",
                "(mu_max - mean mu_others) / (mu_max + mean mu_others)", MORCOS),
        klass("class_selectivity", "Class selectivity"),
        measure("recall_at_precision_95", "Recall at 95 % precision",
                "largest recall of any class at any threshold with precision of at least .95",
                "max recall(t) with precision(t) >= .95", GALE),
        klass("recall_at_precision_95", "Recall at 95 % precision"),
        value("recall_at_precision_95_threshold", "Threshold of recall at 95 % precision",
              "the threshold of that recall"),
        measure(MI, "Maximum informedness", "largest recall + specificity - 1 over classes and thresholds",
                "max TP/(TP+FN) + TN/(TN+FP) - 1", POWERS),
        klass(MI, "Maximum informedness"),
        value(f"{MI}_threshold", "Threshold of maximum informedness", "items at or above it are called members"),
        share(f"{MI}_recall", "Recall at maximum informedness", f"share of members called members, {AT_MI}",
              "TP / (TP + FN)"),
        share(f"{MI}_specificity", "Specificity at maximum informedness",
              f"share of non-members not called members, {AT_MI}", "TN / (TN + FP)"),
        share(f"{MI}_false_alarm_rate", "False-alarm rate at maximum informedness",
              f"share of non-members called members, {AT_MI}", "FP / (FP + TN)"),
        share(f"{MI}_precision", "Precision at maximum informedness",
              f"share of members among those called so, {AT_MI}", "TP / (TP + FP)"),
        share(f"{MI}_false_discovery_rate", "False discovery rate at maximum informedness",
              f"share of non-members among those called members, {AT_MI}", "FP / (FP + TP)"),
        flag("detector", "Detector", "some class and threshold give more hits than misses and more hits than false "
             "alarms", GALE),
        measure("detector_score", "Detector score", "largest of the smaller of recall and precision, over classes and "
                "thresholds; a detector has more than 1/2", "max min(recall(t), precision(t))", GALE),
        Column("detector_score_class", "Detector score: class", "class of the largest detector score", kind="class"),
        value("detector_score_threshold", "Threshold of the detector score", "the threshold of that score"),
        measure("auc", "Area under the ROC curve", "chance that a member is more active than a non-member, ties "
                "counting half; best class", "P(x_A > x_notA) + P(x_A = x_notA) / 2", SDT),
        klass("auc", "Area under the ROC curve"),
        measure("average_precision", "Average precision", "precision averaged over the gains in recall; best class",
                "sum (R_t - R_t-1) P_t", SDT),
        klass("average_precision", "Average precision"),
        measure("d_prime", "Sensitivity index d'", "difference of means in units of the mean spread; best class",
                "(mu_A - mu_notA) / sqrt((var_A + var_notA) / 2)", SDT, None, None),
        klass("d_prime", "Sensitivity index d'"),
        count("n_classes_top_100", "Classes in the top 100", "number of classes among the 100 most active items; "
              "the expected number where ties leave it open", GALE),
        replace(measure("class_index", "Class selectivity index", "how few classes cover the activation-weighted "
                        "frequencies of the 100 most active items", "(100 - M) / 99", RAFEGAS),
                links={"chance": "class_index_expected"}),
        klass("class_index", "Class selectivity index"),
        share("class_index_expected", "Class selectivity index of random items", "the index that as many items drawn "
              "at random have on average; class_index_chance estimates it by permutations", "(100 - E[M]) / 99",
              RAFEGAS),
        above_chance("class_index", "Class selectivity index", "(index - E[index]) / (1 - E[index])"),
        count("class_population", "Class population", "number of classes with at least a tenth of the weighted "
              "frequency of the top 100", RAFEGAS),
        share("zero_share", "Share of zeros", "share of items with activation 0"),
        share("zero_share_in_class", "Share of zeros in the class", "share of zeros in the class of highest mean"),
        share("zero_share_not_in_class", "Share of zeros elsewhere", "share of zeros among all other items"),
        value("mean", "Mean", "mean activation"),
        value("mean_in_class", "Mean in the class", "mean activation in the class of highest mean"),
        value("mean_in_class_se", "Mean in the class: standard error", "sd / sqrt(n) of that mean"),
        value("mean_not_in_class", "Mean elsewhere", "mean activation of all other items"),
        value("mean_not_in_class_se", "Mean elsewhere: standard error", "sd / sqrt(n) of that mean"),
        Column("highest_mean_class", "Class of highest mean", "class of the highest mean activation", kind="class"),
        value("max", "Maximum", "largest activation"),
        measure("lifetime_sparseness", "Lifetime sparseness", "how much of a unit's activation is in few items",
                "(1 - mean(x)^2 / mean(x^2)) / (1 - 1/N)", "Vinje & Gallant 2000"),
        measure("mutual_information", "Mutual information", "bits that the activation, in 20 bins of equal numbers of "
                "items that never part ties, tells of the class", "sum p(b, A) log2(p(b, A) / p(b) p(A))", MORCOS, 0.0,
                None),
    ]
})  # fmt: skip
"""The columns of the selectivity table, in order."""

CLASSWISE = {
    column.name: column
    for column in [
        value("mean", "Mean", "mean activation in the class"),
        share("zero_share", "Share of zeros", "share of the class's items with activation 0"),
        value("min", "Minimum", "smallest activation in the class"),
        value("max", "Maximum", "largest activation in the class"),
        replace(COLUMNS["ccmas"], low=-1.0),
        COLUMNS["precision_60"],
        COLUMNS["recall_at_precision_1"],
        COLUMNS["recall_at_precision_95"],
        COLUMNS[MI],
        value("informedness_threshold", "Threshold of maximum informedness", "items at or above it are called members"),
        share("informedness_recall", "Recall at maximum informedness", f"share of members called members, {AT_MI}"),
        share("informedness_specificity", "Specificity at maximum informedness",
              f"share of non-members not called members, {AT_MI}"),
        share("informedness_precision", "Precision at maximum informedness",
              f"share of members among those called so, {AT_MI}"),
        COLUMNS["detector_score"],
        COLUMNS["auc"],
        COLUMNS["average_precision"],
        COLUMNS["d_prime"],
    ]
}  # fmt: skip
"""The class-wise arrays: each measure's value for every class, not only for the best."""

OVER_TOP = (
    "precision_60", "precision_60_threshold", "zhou_detector", "n_classes_top_100", "class_index",
    "class_index_expected", "class_population",
)  # fmt: skip
"""Columns whose definition says how many of the most active items are looked at."""

LOW_IS_SELECTIVE = ("n_classes_top_100", "class_population")
"""Columns of which a low value is selective."""

UNLABELLED = ("lifetime_sparseness",)
"""Measures that labels have no part in, and chance neither."""

TESTED = tuple(
    name
    for name, column in COLUMNS.items()
    if (column.kind in ("measure", "flag") and name not in UNLABELLED)
    or name in (*LOW_IS_SELECTIVE, "top_class_selectivity")
)
"""What is compared with permutations: all that depends on labels."""


def scaled_by_chance(name: str) -> bool:
    """Return whether permutations give a measure a column above chance: it ends at 1, and has none from a formula."""
    column = COLUMNS[name]
    return column.kind == "measure" and column.high == 1.0 and f"{name}_above_chance" not in COLUMNS


def tested_columns(permutations: int) -> dict[str, Column]:
    """Describe the columns that permutations add; none for 0.

    Examples
    --------
    >>> tested_columns(1000)["auc_p"].title
    'Area under the ROC curve: p'
    """
    added = []
    for name in TESTED:
        title, low, high = COLUMNS[name].title, COLUMNS[name].low, COLUMNS[name].high
        less = "at most" if name in LOW_IS_SELECTIVE else "at least"
        if permutations:
            if scaled_by_chance(name):
                added.append(above_chance(name, title))
            added += [
                Column(f"{name}_chance", f"{title}: by chance", f"mean over {permutations:,} permutations of labels",
                       low=low, high=high, kind="chance"),
                Column(f"{name}_p", f"{title}: p", f"chance of {less} this much, the best class chosen after looking",
                       f"(1 + permutations that reach it) / {permutations + 1:,}", 0.0, 1.0, "Phipson & Smyth 2010",
                       "probability"),
                Column(f"{name}_q", f"{title}: q", "p, adjusted for the number of units in the layer",
                       "min over p_(j) >= p of p_(j) m / j", 0.0, 1.0, "Benjamini & Hochberg 1995", "probability"),
            ]  # fmt: skip
    return {column.name: column for column in added}


def for_top(columns: Mapping[str, Column], top: int | None) -> dict[str, Column]:
    """Return columns as they are called and defined where the `top` most active items are looked at.

    Parameters
    ----------
    columns
        Descriptions for the usual 60 and 100 items, as in `COLUMNS`.
    top
        The number of items; ``None`` for the usual ones.

    Returns
    -------
    dict
        Name to description, in the same order.

    Examples
    --------
    >>> for_top(COLUMNS, 20)["precision_20"].formula
    'max_A |top 20 in A| / 20'
    """
    if top is None:
        return dict(columns)
    renamed = {}
    for name, column in columns.items():
        new = top_name(name, top)
        title = re.sub("^Precision(?=:|$)", "Precision in the top 60", column.title) if new != name else column.title
        links = {role: top_name(link, top) for role, link in column.links.items()}
        renamed[new] = replace(column, name=new, title=re.sub("top (60|100)", f"top {top}", title), links=links)
        if name in OVER_TOP and column.kind != "chance":  # the mean over so many permutations has no such number
            texts = (re.sub(r"\b(60|100)\b", str(top), text) for text in (column.definition, column.formula))
            definition, formula = (text.replace("/ 99", f"/ {top - 1}") for text in texts)
            renamed[new] = replace(renamed[new], definition=definition, formula=formula)
    return renamed
