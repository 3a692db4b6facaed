"""The paper's plots: one module per figure, a function that computes its data from a run and an object that draws them.

Every object has ``frame()``, the numbers drawn, and either ``draw(ax)`` or ``panels``, each of which has ``draw(ax)``;
`save_figure` writes either kind. Figures read runs and never compute a measure, except for the three constructed units,
which belong to no run; `unit_map` also shows items to the run's network again. Matplotlib only, no global state.
Functions of measures take columns of any table by name: ``"auc"`` or ``"dissection.iou"`` (see
`unitscope.run.lookup.find_column`).
"""

from collections.abc import Callable

from ..plugins import Registry
from .ablation import CumulativeAblation, ablation
from .ablation_by_measure import AblationByMeasure, ablation_by_measure
from .boxplots import Boxplots, boxplots
from .class_set import ClassSet, class_set
from .concept_agreement import ConceptAgreement, concept_agreement
from .constructed import Constructed, constructed
from .correlations import Correlations, correlations
from .disagreement import Disagreement, disagreement, rank_disagreement
from .dissection import Detectors, LayerDetectors, dissection
from .distribution import Distribution, distribution
from .examples import Examples, examples
from .fits import Fits, UnitFits, fits
from .histogram import Histogram, histogram
from .indexes import Indexes, indexes
from .jitter import Jitter, jitter
from .neuron_features import NeuronFeatures, neuron_features
from .roc import Roc, roc
from .style import Drawable, Sheet, make_figure, save_data, save_figure
from .superposition import Superposition, superposition
from .top_units import TopUnits, top_units
from .unit_map import UnitMap, unit_map

FIGURES: Registry[Callable[..., Drawable | Sheet]] = Registry(
    "unitscope.figures",
    {
        "ablation": ablation,
        "ablation-by-measure": ablation_by_measure,
        "boxplots": boxplots,
        "class-set": class_set,
        "concept-agreement": concept_agreement,
        "constructed": constructed,
        "correlations": correlations,
        "disagreement": disagreement,
        "dissection": dissection,
        "examples": examples,
        "fits": fits,
        "histogram": histogram,
        "indexes": indexes,
        "jitter": jitter,
        "neuron-features": neuron_features,
        "roc": roc,
        "superposition": superposition,
        "top-units": top_units,
        "unit-map": unit_map,
    },
)
"""The function of each figure: it takes a run and options, and returns data that draw themselves."""

__all__ = [
    "FIGURES",
    "AblationByMeasure",
    "Boxplots",
    "ClassSet",
    "ConceptAgreement",
    "Constructed",
    "Correlations",
    "CumulativeAblation",
    "Detectors",
    "Disagreement",
    "Distribution",
    "Drawable",
    "Examples",
    "Fits",
    "Histogram",
    "Indexes",
    "Jitter",
    "LayerDetectors",
    "NeuronFeatures",
    "Roc",
    "Sheet",
    "Superposition",
    "TopUnits",
    "UnitFits",
    "UnitMap",
    "ablation",
    "ablation_by_measure",
    "boxplots",
    "class_set",
    "concept_agreement",
    "constructed",
    "correlations",
    "disagreement",
    "dissection",
    "distribution",
    "examples",
    "fits",
    "histogram",
    "indexes",
    "jitter",
    "make_figure",
    "neuron_features",
    "rank_disagreement",
    "roc",
    "save_data",
    "save_figure",
    "superposition",
    "top_units",
    "unit_map",
]
