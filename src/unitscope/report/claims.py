"""The paper's claims, in the order of its sections (Gale et al. 2020), each with how it is judged."""

from .claims_beyond import CLAIMS_BEYOND
from .claims_features import CLAIMS_ON_FEATURES
from .claims_superposition import CLAIMS_ON_INTRODUCTION
from .claims_units import CLAIMS_ON_UNITS

CLAIMS = [*CLAIMS_ON_INTRODUCTION, *CLAIMS_ON_UNITS, *CLAIMS_BEYOND, *CLAIMS_ON_FEATURES]
