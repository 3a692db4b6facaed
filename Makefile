# Two commands do everything: `make demo` and `make test`. Both make .venv and install what they need.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test lint types walls tests browser clean

demo: .venv/installed-torch
	$(BIN)/unitscope demo

# Types are checked by one core while the other begins with the tests.
test: lint walls
	$(MAKE) --jobs=2 types tests

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-dev
	$(BIN)/mypy

walls: .venv/installed-dev
	$(BIN)/lint-imports

# A file's tests run in one process, which makes what they share once. Files keep their order: the last ones are short.
tests: .venv/installed-dev browser
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

# A browser for the tests of web pages: Debian's, where the machine has none and lets us install it.
browser:
	@command -v chromium >/dev/null || (apt-get update && apt-get install -y --no-install-recommends chromium) \
	  >/dev/null 2>&1 || echo "no Chromium could be installed: the browser tests will be skipped"

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip

.venv/installed-torch: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e '.[torch]'
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
