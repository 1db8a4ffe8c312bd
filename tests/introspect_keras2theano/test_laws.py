"""Keras 2's layers by their laws: the body that all versions share."""

from law_tests_keras import *  # noqa: F403
