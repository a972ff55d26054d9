# The verbs of the project: `make help` lists them.
SHELL := /bin/bash
VENV := .venv
VENV_PYTORCH := .venv-pytorch
VENV_FUZZ := .venv-fuzz
VENV_DOCS := .venv-docs
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEVELOPING := $(VENV)/.developing
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,\
	$(shell $(python) -c '$(SUPPORTED)' >/dev/null 2>&1 && echo $(python))))
PAGE := src/convnets/pipelines/playground/page
LINT_PAGE := tests/tools/lint-page
SECONDS ?= 600
PORT_VIZ ?= 4141
PORT_MLFLOW ?= 5000
PORT_PLAYGROUND ?= 8090
PORT_LAB ?= 8888
export DO_NOT_TRACK := true
# Material for MkDocs would name its successor with each build; docs/architecture.md does.
export NO_MKDOCS_2_WARNING := 1
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet \
	--no-emit-index-url --no-emit-find-links $(if $(PACKAGE),--upgrade-package $(PACKAGE),--upgrade)
# Refuse a port that is taken, and say which variable names another: $(call require_free,PORT,VARIABLE=ANOTHER)
require_free = $(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(1)))' 2>/dev/null || { \
	echo "Port $(1) cannot be used: choose another, make $@ $(2)" >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: help install run test coverage slow lint lint-page format viz mlflow playground lab docs benchmark concurrency soak chaos fuzz lock clean

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(INSTALLED)  ## make .venv from requirements.lock

$(INSTALLED): requirements.lock
	@if [ -z "$(PYTHON)" ]; then echo "convnets needs Python 3.11, 3.12 or 3.13, and found none: install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; fi
	@echo "Setting up $(VENV) (about 175 packages) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python tools/install.py --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python tools/install.py --no-deps --no-build-isolation --editable .
	@echo "$(VENV) takes $$(du -sh $(VENV) | cut -f1)B."
	@touch $@

$(DEVELOPING): $(INSTALLED) requirements-dev.lock
	@echo "Adding what tests and checks take (about 45 packages) ..."
	@$(BIN)/python tools/install.py --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

run: install  ## the main job: train and compare the three networks on all of MNIST
	@$(BIN)/kedro run

test: $(DEVELOPING)  ## pass the tests
	@$(BIN)/python -m pytest

coverage: $(DEVELOPING)  ## pass the tests, and say which lines of src/ they run in their own process
	@$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

slow: $(DEVELOPING)  ## pass the tests that take minutes: full disks, lost servers, killed schedulers
	@$(BIN)/python -m pytest -m slow

lint: $(DEVELOPING)  ## ruff, mypy, and the contracts on imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

lint-page: $(LINT_PAGE)/node_modules/.installed  ## eslint and TypeScript's checker, on the playground's JavaScript (needs npm)
	@$(LINT_PAGE)/node_modules/.bin/eslint --config $(LINT_PAGE)/eslint.config.mjs $(PAGE)
	@$(LINT_PAGE)/node_modules/.bin/tsc --project $(LINT_PAGE)

$(LINT_PAGE)/node_modules/.installed: $(LINT_PAGE)/package.json
	@cd $(LINT_PAGE) && npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@

format: $(DEVELOPING)  ## let ruff order imports and lay out the code
	@$(BIN)/ruff check --select I --fix
	@$(BIN)/ruff format

viz: install  ## open the pipeline in Kedro-Viz; PORT_VIZ=4142: at another port
	@$(call require_free,$(PORT_VIZ),PORT_VIZ=4142)
	@set -m; \
		$(BIN)/kedro viz run --host 127.0.0.1 --port $(PORT_VIZ) & \
		trap 'kill -- -$$!' HUP INT TERM; wait $$!  # with the server that it starts, which would outlive it

mlflow: install  ## show the runs in the MLflow UI; PORT_MLFLOW=5001: at another port
	@$(BIN)/kedro mlflow --port $(PORT_MLFLOW)

playground: install  ## make the live page of the trained networks if needed, and serve it on this machine; PORT_PLAYGROUND=8091: at another port
	@$(call require_free,$(PORT_PLAYGROUND),PORT_PLAYGROUND=8091)
	@$(BIN)/kedro run --pipeline=playground --only-missing-outputs
	@echo "Open http://127.0.0.1:$(PORT_PLAYGROUND)/playground.html, or the file itself: data/08_reporting/playground.html (Ctrl-C ends)"
	@$(BIN)/python -m http.server $(PORT_PLAYGROUND) --bind 127.0.0.1 --directory data/08_reporting >/dev/null

lab: $(VENV)/.jupyterlab  ## open the notebooks in JupyterLab, on this machine; PORT_LAB=8889: at another port
	@$(call require_free,$(PORT_LAB),PORT_LAB=8889)
	@$(BIN)/jupyter lab --ip 127.0.0.1 --port $(PORT_LAB) --allow-root --LabApp.extension_manager=readonly \
		--ServerApp.root_dir=$(CURDIR) --LabApp.default_url=/lab/tree/notebooks/exercises.ipynb

$(VENV)/.jupyterlab: $(INSTALLED)
	@echo "Installing JupyterLab into $(VENV) (once) ..."
	@$(BIN)/python tools/install.py --no-build-isolation --editable '.[notebook]' \
		-c requirements.lock -c requirements-dev.lock
	@# It would look for news and newer versions.
	@$(BIN)/jupyter labextension disable --level=sys_prefix "@jupyterlab/apputils-extension:announcements"
	@touch $@

docs: $(VENV_DOCS)/.installed  ## build the documentation as a site of its own, and check its links
	@$(VENV_DOCS)/bin/mkdocs build --strict
	@echo "Open site/index.html. Its search needs a server: $(VENV_DOCS)/bin/python -m http.server --bind 127.0.0.1 --directory site"

$(VENV_DOCS)/.installed: pyproject.toml requirements.lock
	@echo "Setting up $(VENV_DOCS), the environment of the documentation ..."
	@$(PYTHON) -m venv --clear $(VENV_DOCS)
	@$(VENV_DOCS)/bin/python tools/install.py -c requirements.lock -c requirements-dev.lock \
		$$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"])')
	@touch $@

benchmark: install $(VENV_PYTORCH)/.installed  ## measure the speed against yardsticks; NETWORK=cnn: of one network
	@$(BIN)/python benchmarks/compare.py --pytorch $(VENV_PYTORCH)/bin/python $(if $(NETWORK),--network $(NETWORK))

concurrency: install  ## measure what an MLflow store of 5,000 runs costs a run, beside an empty one
	@$(BIN)/python benchmarks/concurrency.py

soak: $(DEVELOPING)  ## train 200 small networks in one process, and measure its memory
	@$(BIN)/python benchmarks/soak.py

chaos: $(DEVELOPING)  ## kill the main job ROUNDS times at random moments, and see that it goes on as if nothing had happened
	@$(BIN)/python tests/tools/chaos.py $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CONFIG),--config $(CONFIG))

$(VENV_PYTORCH)/.installed: benchmarks/requirements.txt
	@echo "Setting up $(VENV_PYTORCH), the environment of the PyTorch yardstick ..."
	@$(PYTHON) -m venv --clear $(VENV_PYTORCH)
	@$(VENV_PYTORCH)/bin/python tools/install.py -r benchmarks/requirements.txt
	@touch $@

fuzz: $(VENV_FUZZ)/.installed  ## fuzz the readers of IDX files and of images; SECONDS=60: for a minute, not for ten
	@PYTHONPATH=src $(VENV_FUZZ)/bin/python tests/tools/fuzz.py $(SECONDS)

$(VENV_FUZZ)/.installed: tests/tools/fuzz-requirements.txt requirements.lock
	@echo "Setting up $(VENV_FUZZ), the environment of the fuzzer ..."
	@$(PYTHON) -m venv --clear $(VENV_FUZZ)
	@$(VENV_FUZZ)/bin/python tools/install.py -r $< -c requirements.lock
	@touch $@

lock: install  ## raise all pins; PACKAGE=keras: of one package
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tools/uv-requirements.txt
	@$(COMPILE) pyproject.toml --extra dask --extra export --output-file requirements.lock
	@$(COMPILE) pyproject.toml --extra dev --constraints requirements.lock --output-file requirements-dev.lock \
		$$(sed -nE 's/^([a-z0-9.-]+)==.*/--no-emit-package \1/p' requirements.lock | sort -u)
	@echo uv | $(COMPILE) - --output-file tools/uv-requirements.txt

clean:  ## remove the environments, the site and caches; results and the MLflow store stay
	@rm -rf $(VENV) $(VENV_PYTORCH) $(VENV_FUZZ) $(VENV_DOCS) site .fuzz .hypothesis .mypy_cache .pytest_cache .ruff_cache .viz build src/*.egg-info
