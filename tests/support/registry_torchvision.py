"""torchvision's own registry, where its compiled part is not there."""

from __future__ import annotations

import torchvision_torch  # noqa: F401 -- declares what torchvision looks up when it is imported
from torchvision.models import get_model, get_model_builder, list_models

__all__ = ["get_model", "get_model_builder", "list_models"]
