"""The vocabulary, and the trials in which the networks see, hold and recall lists of words."""

from itertools import combinations

import numpy as np

LETTERS = "abcdefghij"
LETTERS_IN_WORD = 3

WORDS = tuple("".join(letters) for letters in combinations(LETTERS, LETTERS_IN_WORD))
"""All 120 words of three different letters; the order of letters within a word has no meaning."""

MEMBERS = np.array([[letter in word for letter in LETTERS] for word in WORDS])
"""Which letters each word has, ``(words, letters)`` bool."""

SUPERPOSITION = "superposition"
ONE_AT_A_TIME = "one-at-a-time"
CONDITIONS = (SUPERPOSITION, ONE_AT_A_TIME)


def draw_lists(rng: np.random.Generator, count: int, length: int) -> np.ndarray:
    """Draw lists of different words.

    Parameters
    ----------
    rng
        Source of random numbers.
    count, length
        Number of lists, and of words in each.

    Returns
    -------
    numpy.ndarray
        ``(count, length)`` positions in `WORDS`.

    Examples
    --------
    >>> draw_lists(np.random.default_rng(0), 2, 3).shape
    (2, 3)
    """
    return rng.random((count, len(WORDS))).argsort(axis=1)[:, :length]


def make_trials(lists: np.ndarray, condition: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a trial of each list of words.

    With n words a trial has 2 n steps. Under superposition all words come first and then n recall cues, one for each
    word in order. One at a time, the cue for a word follows the word immediately. The target at every step is the word
    that is shown or recalled.

    Parameters
    ----------
    lists
        ``(B, n)`` positions in `WORDS`.
    condition
        One of `CONDITIONS`.

    Returns
    -------
    inputs : numpy.ndarray
        ``(2 n, B, 11)`` float32: the letters of the word, then the recall cue.
    targets : numpy.ndarray
        ``(2 n, B, 10)`` float32: the letters to put out.
    is_cue : numpy.ndarray
        ``(2 n,)`` bool: the steps of recall.

    Examples
    --------
    >>> inputs, targets, is_cue = make_trials(np.array([[0, 119]]), "superposition")
    >>> ["".join(np.array(list(LETTERS))[step[0] > 0]) for step in targets], is_cue.tolist()
    (['abc', 'hij', 'abc', 'hij'], [False, False, True, True])
    """
    count, length = lists.shape
    order = np.arange(length)
    if condition == SUPERPOSITION:
        places, is_cue = np.tile(order, 2), np.repeat([False, True], length)
    else:
        places, is_cue = np.repeat(order, 2), np.tile([False, True], length)
    targets = MEMBERS[lists.T[places]].astype(np.float32)
    inputs = np.zeros((2 * length, count, len(LETTERS) + 1), np.float32)
    inputs[~is_cue, :, :-1] = targets[~is_cue]
    inputs[is_cue, :, -1] = 1
    return inputs, targets, is_cue
