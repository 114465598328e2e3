PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
# a question file to hold to the floor besides our own, where there is one
EVAL   ?= $(wildcard ../shared/eval/qa_dev.jsonl)
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# lets `.venv/bin/python -m bot` find the project from any folder
PATHS  := $(BIN)/python -c "import site; open(site.getsitepackages()[0] + '/project.pth', 'w').write('$(CURDIR)')"

.DEFAULT_GOAL := help
.PHONY: help run chat test lint types rooms tests check floor bench approve lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/.run: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the bot needs (once) ..."
	@$(PIP) -r requirements.lock
	@$(PATHS)
	@touch $@

$(VENV)/.dev: requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the bot and its tests need (once) ..."
	@$(PIP) -r requirements-dev.lock
	@$(PATHS)
	@touch $@ $(VENV)/.run

run: $(VENV)/.run ## serve the bot
	@$(BIN)/python -m bot run

chat: $(VENV)/.run ## talk to the bot in the terminal
	@$(BIN)/python -m bot chat

test: lint types rooms check tests floor ## everything that must hold

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

rooms: $(VENV)/.dev
	$(BIN)/lint-imports

check: $(VENV)/.dev
	$(BIN)/python -m bot regulations check

tests: $(VENV)/.dev
	$(BIN)/python -m pytest

floor: $(VENV)/.dev
	@# the index that the tests have built
	DATA_DIR=.pytest_cache/d/index $(BIN)/python -m tests.floor $(EVAL)

bench: $(VENV)/.dev ## speed and memory, as ratios within one run
	@$(BIN)/python -m tests.bench

approve: $(VENV)/.dev ## accept the answers that the approval tests printed
	APPROVE=1 $(BIN)/python -m pytest tests/approval

lock: $(VENV)/.dev ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --extra dev pyproject.toml -o requirements-dev.lock

clean: ## forget the environment and the caches (not the data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
