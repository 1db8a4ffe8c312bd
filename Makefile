# Both commands make the environments they need, under .nox; nothing else has to be installed.
PYTHON ?= python3
NOX = .venv/bin/python -m nox

.PHONY: demo test benchmarks clean

demo: .venv/ready  ## train a small network and explain every number of it
	@$(NOX) -s demo

test: .venv/ready  ## style, types, and all tests in both environments
	$(NOX) -s lint everything vintage

benchmarks: .venv/ready  ## side-by-side runs
	$(NOX) -s benchmarks

.venv/ready:
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet nox
	@touch $@

clean:
	rm -rf .venv .nox build dist *.egg-info
