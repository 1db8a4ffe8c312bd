"""What the pytest plugin is made of. Tests use the fixture `introspect_baseline`; its type is `checking.Baseline`."""
