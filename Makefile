# `make demo` and `make test` need nothing but Python 3.11 or 3.12 and a package index.

VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-deep bench eval lint format clean

demo: $(VENV)/.run
	$(BIN)/anput demo --out demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-deep: $(VENV)/.dev
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.run
	$(BIN)/python -m bench.throughput --out bench/results.json
	$(BIN)/python -m bench.kafka --out bench/results.json
	$(BIN)/python -m bench.parse --out bench/results.json

eval: $(VENV)/.run
	$(BIN)/python -m bench.eval --out bench/eval.json

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The first Python in range; PYTHON=... chooses another.
$(VENV)/bin/python:
	@for python in $(PYTHON) python3.12 python3.11 python3 python; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; then \
	    echo "using $$($$python --version)"; exec $$python -m venv $(VENV); \
	  fi; \
	done; \
	echo "expected Python 3.11 or 3.12 as python3.12, python3.11 or python3; found none: install one or set PYTHON=" >&2; exit 1

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.run
