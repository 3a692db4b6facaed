"""The paper, section by section: what each reports, and which of its own figures do not fit each other."""

from dataclasses import dataclass

SOURCE = (
    "The paper: E. Gale, N. Martin, R. Blything, A. Nguyen, J. S. Bowers (2020), Are there any “object detectors” in"
    " the hidden layers of CNNs trained to identify objects or scenes? arXiv:2007.01062."
)


@dataclass(frozen=True)
class Section:
    """A section of the paper.

    Attributes
    ----------
    number, title
        As in the paper.
    intro
        What the section reports.
    notes
        What in it does not fit, each with the arithmetic.
    """

    number: str
    title: str
    intro: str
    notes: tuple[str, ...] = ()


SECTIONS = (
    Section(
        "1",
        "Introduction",
        "Recurrent networks that must hold several words in memory at once learn units that respond more to every word "
        "with some letter than to any other; networks trained on one word at a time do not (Bowers et al. 2014, 2016; "
        "Figure 1). Networks like these are trained here by “unitscope simulate superposition”.",
    ),
    Section(
        "2",
        "Methods",
        "The paper recorded the layers conv5, fc6 and fc7 of AlexNet over the correctly classified photographs of "
        "ImageNet, and compared localist selectivity, precision, CCMAS and signal-detection measures of 5,210 units.",
        (
            "The number of images is 721,536 here, but the counts under Figure 3, 121,586 active and 596,734 at 0, "
            "add up to 718,320: 3,216 are missing. The 82.8 % of zeros of the appendix is neither 596,734 / 721,536 "
            "= 82.7 % nor 596,734 / 718,320 = 83.1 %.",
            "Maximum informedness is first described as the highest proportion of images above the threshold that "
            "are from the class, which is precision; the formula that follows, recall + specificity - 1, is what we "
            "compute.",
            "How a convolutional map becomes one number is not said; the published code takes the maximum, as we do.",
        ),
    ),
    Section(
        "3.1",
        "Comparison of selectivity measures",
        "Figure 2 shows each measure by layer: high precision and CCMAS beside low recall at perfect precision. "
        "Figure 3 looks at one unit closely, fc6.1199, a “Monarch butterfly detector” by precision.",
        (
            "A false-alarm rate above 99 % (minimum .96) at maximum informedness is impossible as the paper defines "
            "it, FP / (FP + TN): informedness .91 = recall - false-alarm rate leaves it at most .09. It fits a "
            "complement of precision, FP / (FP + TP), the false discovery rate; we report both under their names. "
            "Even that cannot exceed .981 for unit fc7.3290: at most .09 x 720,295 = 64,827 false alarms against "
            "1,241 hits, if all of about 1,241 butterflies are above the threshold.",
            "The precision of fc6.1199 is 98 % here and in section 4, 95 % in Table 2 (59 and 57 of 60 images); its "
            "CCMAS is .92 here and in Table 2, .93 in section 4.",
        ),
    ),
    Section(
        "3.2",
        "Human interpretation of activation-maximisation images",
        "Images made to activate units were judged by 333 people: fewer than 5 % of the units of conv5 and fc6 have "
        "images that people agree about.",
    ),
    Section(
        "3.3",
        "Selectivity measures in other networks",
        "Units that Network Dissection calls bus detectors respond to much else. Figure 5 marks the classes of the "
        "set, each its own way.",
    ),
    Section(
        "4",
        "Discussion and conclusions",
        "Different measures of the selectivity of a unit support very different conclusions. Below, a point is a "
        "unit: by precision, and by maximum informedness.",
    ),
    Section(
        "6",
        "Further data on the selectivity measures",
        "Table 2 lists the units highest on CCMAS and on precision with what the other measure says; Table 3, the "
        "correlations between measures over all units.",
    ),
    Section(
        "7",
        "Further issues with CCMAS",
        "Most images leave a unit at 0, the others follow no normal curve (Figures 10 and 11), and three constructed"
        " units show that CCMAS can be the same for very different units (Figure 12).",
        (
            "In Figure 12 the caption calls the grandmother unit (b) and the slightly higher class (c); the text "
            "calls them (c) and (b). Our figure goes by the caption.",
        ),
    ),
    Section(
        "8",
        "Units in other models",
        "Tables 4 to 6 give, for a class set, how often and how strongly units that were dissected respond to it and"
        " to all else.",
        ("In Table 6 the units 511 and 308 have the same numbers in every column.",),
    ),
    Section(
        "R",
        "Companion: indexing neuron selectivity",
        "I. Rafegas, M. Vanrell, L. A. Alexandre, G. Arias (2020), Understanding trained CNNs by indexing neuron "
        "selectivity, arXiv:1702.00382, describe units by their neuron features, and by indexes of colour and class.",
        (
            "The class index has a floor: with 10 classes the 100 most active items are of 10 at most, so that it is "
            ".91 whatever the unit does. We judge it on a scale from chance to 1 as well.",
        ),
    ),
)
