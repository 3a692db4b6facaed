"""What the measures say of units, gathered: the class-wise arrays, and the columns of the table."""

from collections.abc import Mapping

import numpy as np

from . import localist, means, signal_detection, top_items
from .best import at_class, best_class, is_constant, is_negative, where_present
from .tally import Tally


def classwise_arrays(counts: Tally) -> dict[str, np.ndarray]:
    """Gather what the measures say of every class."""
    recall, specificity, precision_there = signal_detection.at_max_informedness(counts)
    sizes = np.maximum(counts.sizes, 1)
    return {
        "mean": means.class_means(counts) * counts.scale[:, None],
        "zero_share": where_present(counts, counts.zeros / sizes),
        "min": where_present(counts, counts.smallest),
        "max": where_present(counts, counts.largest),
        "ccmas": means.ccmas(counts),
        "precision_60": localist.precision_60(counts),
        "recall_at_precision_1": localist.recall_at_precision_1(counts),
        "recall_at_precision_95": localist.recall_at_precision_95(counts),
        "max_informedness": signal_detection.max_informedness(counts),
        "informedness_threshold": np.where(np.isnan(recall), np.nan, counts.informedness_threshold),
        "informedness_recall": recall,
        "informedness_specificity": specificity,
        "informedness_precision": precision_there,
        "detector_score": signal_detection.detector_score(counts),
        "auc": signal_detection.auc(counts),
        "average_precision": signal_detection.average_precision(counts),
        "d_prime": means.d_prime(counts),
    }


def table_columns(counts: Tally, of: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Gather the columns of the table from the class-wise values: each measure for its best class."""
    n_units = len(counts.zeros)
    n_labels = counts.label_sizes.shape[1]

    def best(name: str) -> tuple[np.ndarray, np.ndarray]:
        return best_class(of[name], counts.choose_from)

    is_localist, localist_class = localist.localist(counts)
    is_off, off_class = localist.localist_off(counts)
    top_count, top_class = localist.top_class(counts, of["recall_at_precision_1"])
    precise, precise_class = best("precision_60")
    high_mean_class = best_class(means.class_means(counts), counts.choose_from)[1]
    selectivity, selectivity_class = means.class_selectivity(counts)
    contrast = at_class(of["ccmas"], high_mean_class)
    recall_95, recall_95_class = best("recall_at_precision_95")
    informed, informed_class = best("max_informedness")
    specificity = at_class(of["informedness_specificity"], informed_class)
    precision_there = at_class(of["informedness_precision"], informed_class)
    score, score_class = best("detector_score")
    area, area_class = best("auc")
    ap, ap_class = best("average_precision")
    d, d_class = best("d_prime")
    endless = np.isinf(d)
    index, index_class = top_items.class_index(counts)
    expected = np.where(np.isnan(index), np.nan, top_items.class_index_expected(counts))
    no_recall = recall_95 == 0
    rest = means.rest_sizes(counts)
    all_zeros = counts.zeros[:, :n_labels].sum(1)
    in_rest = np.where(rest > 0, (all_zeros[:, None] - counts.zeros) / np.maximum(rest, 1), np.nan)

    def at_high_mean(scaled: np.ndarray) -> np.ndarray:
        return at_class(scaled, high_mean_class) * counts.scale

    return {
        "n_items": np.full(n_units, counts.n_items),
        "n_classes": present_classes(counts).sum(1),
        "localist": is_localist,
        "localist_class": localist_class,
        "localist_off": is_off,
        "localist_off_class": off_class,
        "recall_at_precision_1_class": top_class,
        "top_class_selectivity": top_count,
        "recall_at_precision_1": best("recall_at_precision_1")[0],
        "precision_60": precise,
        "precision_60_class": precise_class,
        "precision_60_threshold": np.where(np.isnan(precise), np.nan, counts.top_60_threshold),
        "zhou_detector": precise > localist.ZHOU_DETECTOR,
        "ccmas": contrast,
        "ccmas_class": np.where(np.isnan(contrast), -1, high_mean_class),
        "class_selectivity": selectivity,
        "class_selectivity_class": selectivity_class,
        "recall_at_precision_95": recall_95,
        "recall_at_precision_95_class": np.where(no_recall, -1, recall_95_class),
        "recall_at_precision_95_threshold": np.where(
            no_recall, np.nan, at_class(counts.precision_95_threshold, recall_95_class)
        ),
        "max_informedness": informed,
        "max_informedness_class": informed_class,
        "max_informedness_threshold": at_class(of["informedness_threshold"], informed_class),
        "max_informedness_recall": at_class(of["informedness_recall"], informed_class),
        "max_informedness_specificity": specificity,
        "max_informedness_false_alarm_rate": 1 - specificity,
        "max_informedness_precision": precision_there,
        "max_informedness_false_discovery_rate": 1 - precision_there,
        "detector": score > 0.5,
        "detector_score": score,
        "detector_score_class": score_class,
        "detector_score_threshold": at_class(counts.detector_threshold, score_class),
        "auc": area,
        "auc_class": area_class,
        "average_precision": ap,
        "average_precision_class": ap_class,
        "d_prime": np.where(endless, np.nan, d),
        "d_prime_class": np.where(endless, -1, d_class),
        "n_classes_top_100": top_items.n_classes_top(counts),
        "class_index": index,
        "class_index_class": index_class,
        "class_index_expected": expected,
        "class_index_above_chance": top_items.above_chance(index, expected),
        "class_population": top_items.class_population(counts),
        "zero_share": all_zeros / counts.n_items,
        "zero_share_in_class": at_class(counts.zeros / np.maximum(counts.sizes, 1), high_mean_class),
        "zero_share_not_in_class": at_class(in_rest, high_mean_class),
        "mean": counts.total_mean * counts.scale,
        "mean_in_class": at_high_mean(counts.mean),
        "mean_in_class_se": at_high_mean(means.standard_error(counts.squares, counts.sizes)),
        "mean_not_in_class": at_high_mean(counts.rest_mean),
        "mean_not_in_class_se": at_high_mean(means.standard_error(counts.rest_squares, rest)),
        "highest_mean_class": high_mean_class,
        "max": counts.total_largest,
        "lifetime_sparseness": means.lifetime_sparseness(counts),
        "mutual_information": np.where(top_items.meaningless(counts), np.nan, counts.information),
    }


def present_classes(counts: Tally) -> np.ndarray:
    """Return which classes have items; class sets do not count beside the labels that they unite."""
    n_labels = counts.label_sizes.shape[1]
    return counts.present[:, :n_labels] if counts.labels_compete else counts.present[:, n_labels:]


def reasons(counts: Tally, of: dict[str, np.ndarray]) -> np.ndarray:
    """Return why some measures of each unit have no value or cannot reach the end of their scale, ``(U,)`` text.

    A column of the table, but apart from `table_columns`: samples and permutations need no words.
    """
    d = best_class(of["d_prime"], counts.choose_from)[0]
    constant = is_constant(counts)
    dead = constant & (counts.total_largest == 0)
    nothing = ~counts.comparable[:, counts.choose_from :].any(1)
    several = not counts.labels_compete
    why = {
        "all items are of one class": nothing & (not several),
        "no class has both items and others to compare them with": nothing & several,
        "dead: all activations are 0": dead,
        "constant: all activations are equal": constant & ~dead,
        "negative activations: no ratio measures": is_negative(counts),
        "class sets only, or items of several classes: no measures of all labels together": np.full(len(dead), several),
        **{text: holds & ~constant & ~nothing for text, holds in limits_of_top(counts).items()},
        "no spread in a class and the rest: d' is infinite": np.isinf(d),
        "no class of two items or more: no d'": np.isnan(d) & ~constant & ~nothing,
    }
    return join_reasons(why)


def join_reasons(why: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the texts that hold for each unit, ``(U,)`` text, from ``(U,)`` bool for each text."""
    table = np.stack(list(why.values()), 1)
    return np.array(["; ".join(text for text, yes in zip(why, row, strict=True) if yes) for row in table], object)


def limits_of_top(counts: Tally) -> dict[str, np.ndarray]:
    """Return what keeps measures of the most active items from meaning what they claim: text to ``(U,)`` bool.

    The numbers of items are the same for all units, except that class index counts only items of positive activation.
    """
    top_60, top_100, n_items, positive = (
        counts.top_60_size,
        counts.top_100_size,
        counts.n_items,
        counts.top_100_positive,
    )
    competing = np.where(counts.comparable, counts.sizes, 0)[:, counts.choose_from :].max(1, initial=0)
    highest = float(competing.max(initial=0)) / top_60
    limits = {
        f"{top_60} items or fewer: no precision": n_items <= top_60,
        f"no class has {top_60} items: precision is at most {highest:.3g}"
        + ("" if highest > localist.ZHOU_DETECTOR else ", too low for a detector by precision"): (
            (n_items > top_60) & (competing < top_60)
        ),
    }
    if counts.labels_compete:
        largest = counts.label_sizes.max(1, initial=0)
        least = top_items.least_classes(counts.label_sizes[0], min(top_100, n_items)) if len(positive) else 0
        limits |= {
            f"{top_100} items or fewer: no number of classes in the top {top_100}": n_items <= top_100,
            f"no class has {top_100} items: the top {top_100} are of at least {least} classes": (
                (n_items > top_100) & (largest < top_100)
            ),
            f"fewer than 2 of the top {top_100} are positive: no class index": positive < 2,
            f"every item is positive and in the top {top_100}: no class index": positive == n_items,
            f"no class has as many items as are positive in the top {top_100}: class index is below 1": (
                (largest < positive) & (positive < n_items)
            ),
        }
    return {text: np.broadcast_to(holds, len(positive)) for text, holds in limits.items()}
