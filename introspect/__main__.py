"""``python -m introspect``."""

from .cli import main

main()
