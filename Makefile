# Everything happens in .venv, which every target brings up to date first: `make test` works in a fresh clone.

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is Python 3.11 or newer; `make PYTHON=/path/to/python test` chooses another.
PYTHON := python3.11 python3.12 python3.13 python3
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable

# Two files of tests at a time; those of one file share what they have trained.
SIDE_BY_SIDE := --numprocesses 2 --dist loadfile
# Starts a Docker engine on a machine that has none, where there is such a program.
ENGINE := ../shared/engine/up

.PHONY: help demo test test-fast lint format images engine acceptance acceptance-quick \
    bench-recordio bench-linear-learner bench-xgboost bench-blazingtext clean

help:
	@echo 'make demo                  train and serve Linear Learner on real data, in under a minute once installed'
	@echo 'make test                  all tests'
	@echo 'make test-fast             the tests that take no seconds'
	@echo 'make lint                  ruff and mypy'
	@echo 'make format                let ruff lay out the code'
	@echo 'make images                the container images; needs Docker'
	@echo 'make acceptance            all tests on the images; fails where there is no Docker'
	@echo 'make acceptance-quick      the main ones on a few of the images'
	@echo 'make bench-recordio        the codec against the SageMaker SDK'
	@echo 'make bench-linear-learner  Linear Learner against scikit-learn'
	@echo 'make bench-xgboost         XGBoost against the plain library and MLServer'
	@echo 'make bench-blazingtext     BlazingText against fastText and gensim'
	@echo 'make clean                 remove .venv and all that was made'

demo: $(VENV)/.cpu
	@$(BIN)/python -m tests.examples.demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m 'not slow and not docker'

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

images: $(VENV)/.cpu
	$(BIN)/drydock images build

engine:
	@docker info >/dev/null 2>&1 || $(ENGINE)

acceptance: $(VENV)/.dev engine
	$(BIN)/python -m pytest -m docker

acceptance-quick: $(VENV)/.dev engine
	$(BIN)/python -m pytest -m 'docker and brief and representative'

bench-recordio: $(VENV)/.cpu
	$(BIN)/python -m tests.benchmarks.recordio

bench-linear-learner: $(VENV)/.cpu
	$(BIN)/python -m tests.benchmarks.linear_learner

bench-xgboost: $(VENV)/.cpu
	$(BIN)/python -m tests.benchmarks.xgboost

bench-blazingtext: $(VENV)/.cpu
	$(BIN)/python -m tests.benchmarks.blazingtext

clean:
	rm -rf $(VENV) .cache .drydock .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info

# Stamps: the environment is as pyproject.toml and constraints.txt of that time say.
$(VENV)/.cpu: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) '.[cpu]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/pip
	$(PIP) '.[cpu,dev]'
	@touch $(VENV)/.cpu $@

# pip is the last that `venv` puts there: an environment without it is half made
$(BIN)/pip:
	@for python in $(PYTHON); do \
	    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "$$($$python --version) makes $(VENV)"; exec $$python -m venv --clear $(VENV); \
	    fi; \
	done; \
	echo 'Drydock needs Python 3.11 or newer, and none of these is: $(PYTHON).' >&2; \
	echo 'Install it, or say where it is: make PYTHON=/path/to/python' >&2; exit 1
