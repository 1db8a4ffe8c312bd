"""Keras 3's recurrence around cells of the user's own: the body that all versions share, and what only Keras 3 has."""

from cell_tests_keras import *  # noqa: F403
