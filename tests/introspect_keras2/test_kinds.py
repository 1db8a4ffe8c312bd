"""Keras 2's layers alike: the body that all versions share."""

from kind_tests_keras import *  # noqa: F403
