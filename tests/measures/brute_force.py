"""The measures as their definitions say, in plain Python: slow, obvious, one unit at a time."""

import itertools
import math
import statistics

import numpy as np


def brute_force(x, labels, n_classes, few=60, many=100):
    """Measure one unit; returns class-wise lists and single values by the names of the table."""
    x = [float(v) for v in x]
    labels = [int(a) for a in labels]
    n = len(x)
    members = {a: [v for v, label in zip(x, labels, strict=True) if label == a] for a in range(n_classes)}
    present = [a for a in range(n_classes) if members[a]]
    others = {a: [v for v, label in zip(x, labels, strict=True) if label != a] for a in range(n_classes)}
    constant = len(set(x)) == 1
    negative = min(x) < 0
    defined = len(present) > 1 and not constant
    out = {name: [math.nan] * n_classes for name in CLASSWISE_NAMES}
    for a in present:
        inside, rest = members[a], others[a]
        out["mean"][a] = statistics.fmean(inside)
        out["zero_share"][a] = inside.count(0.0) / len(inside)
        out["min"][a], out["max"][a] = min(inside), max(inside)
        if len(present) > 1 and not negative:
            mu, nu = statistics.fmean(inside), statistics.fmean(rest)
            out["ccmas"][a] = (mu - nu) / (mu + nu) if mu + nu > 0 else math.nan
            nu = statistics.fmean(statistics.fmean(members[b]) for b in present if b != a)
            out["class_selectivity"][a] = (mu - nu) / (mu + nu) if mu + nu > 0 else math.nan
        if len(inside) > 1 and len(rest) > 1:
            spread = math.sqrt((statistics.variance(inside) + statistics.variance(rest)) / 2)
            apart = statistics.fmean(inside) - statistics.fmean(rest)
            if not constant:
                out["d_prime"][a] = apart / spread if spread else math.copysign(math.inf, apart) if apart else math.nan
        if not defined:
            continue
        best = {
            "max_informedness": 0.0,
            "recall_at_precision_1": 0.0,
            "recall_at_precision_95": 0.0,
            "detector_score": 0.0,
        }
        at = {}
        ap, recall_before = 0.0, 0.0
        for t in sorted(set(x), reverse=True):
            tp, fp = sum(v >= t for v in inside), sum(v >= t for v in rest)
            fn, tn = len(inside) - tp, len(rest) - fp
            recall, specificity, precision = tp / (tp + fn), tn / (tn + fp), tp / (tp + fp)
            ap += (recall - recall_before) * precision
            recall_before = recall
            informedness = recall + specificity - 1
            if informedness > best["max_informedness"] + 1e-12:
                best["max_informedness"] = informedness
                at = {"threshold": t, "recall": recall, "specificity": specificity, "precision": precision}
            if fp == 0:
                best["recall_at_precision_1"] = max(best["recall_at_precision_1"], recall)
            if 100 * tp >= 95 * (tp + fp):
                best["recall_at_precision_95"] = max(best["recall_at_precision_95"], recall)
            best["detector_score"] = max(best["detector_score"], min(recall, precision))
        for name, found in best.items():
            out[name][a] = found
        for name, found in at.items():
            out[f"informedness_{name}"][a] = found
        out["average_precision"][a] = ap
        pairs = [(v > w) + (v == w) / 2 for v, w in itertools.product(inside, rest)]
        out["auc"][a] = statistics.fmean(pairs)
        out["precision_60"][a] = head_counts(x, labels, a, few) / few if n > few else math.nan
    single = {
        "localist": next((a for a in present if defined and min(members[a]) > max(others[a])), -1),
        "localist_off": next((a for a in present if defined and max(members[a]) < min(others[a])), -1),
        "lifetime_sparseness": sparseness(x) if not negative else math.nan,
        "mutual_information": information(x, labels) if defined else math.nan,
    }
    return out, single


CLASSWISE_NAMES = [
    "mean", "zero_share", "min", "max", "ccmas", "class_selectivity", "d_prime", "max_informedness",
    "recall_at_precision_1", "recall_at_precision_95", "detector_score", "informedness_threshold",
    "informedness_recall", "informedness_specificity", "informedness_precision", "average_precision", "auc",
    "precision_60",
]  # fmt: skip


def head_counts(x, labels, a, size):
    """Expected number of items of class `a` among the `size` most active, ties at the edge in proportion."""
    size = min(size, len(x))
    edge = sorted(x, reverse=True)[size - 1]
    above = sum(v > edge and label == a for v, label in zip(x, labels, strict=True))
    tied = [label == a for v, label in zip(x, labels, strict=True) if v == edge]
    places = size - sum(v > edge for v in x)
    return above + sum(tied) * places / len(tied)


def sparseness(x):
    """Vinje & Gallant's lifetime sparseness."""
    n = len(x)
    mean_square = statistics.fmean(v * v for v in x)
    if n < 2 or mean_square == 0:
        return math.nan
    return (1 - statistics.fmean(x) ** 2 / mean_square) / (1 - 1 / n)


def information(x, labels, n_bins=20):
    """Mutual information of class and bin, a tie group in the bin of its last item from the top."""
    n = len(x)
    bins = [n_bins * (sum(w >= v for w in x) - 1) // n for v in x]
    total = 0.0
    for b, a in set(zip(bins, labels, strict=True)):
        both = sum(c == b and label == a for c, label in zip(bins, labels, strict=True))
        total += both / n * math.log2(both * n / (bins.count(b) * labels.count(a)))
    return total


def expected_classes(x, labels, size):
    """Number of classes among the most active items, averaged over every order of the items tied at the edge."""
    size = min(size, len(x))
    edge = sorted(x, reverse=True)[size - 1]
    sure = {label for v, label in zip(x, labels, strict=True) if v > edge}
    tied = [label for v, label in zip(x, labels, strict=True) if v == edge]
    places = size - sum(v > edge for v in x)
    return float(np.mean([len(sure | set(draw)) for draw in itertools.combinations(tied, places)]))
