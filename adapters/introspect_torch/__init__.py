"""PyTorch models, translated and reported on. Importing this does not import torch."""

from .detecting import adapter

__all__ = ["adapter"]
