"""Which smallest change makes a model yield a number that somebody claims."""

from .diagnosis import Diagnosis, diagnose
from .proving import Reason

__all__ = ["Diagnosis", "Reason", "diagnose"]
