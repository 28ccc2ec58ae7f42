# Each target does its own set-up, once: a virtual environment in .venv with exactly the packages of requirements/dev.lock.

.DEFAULT_GOAL := help
BIN := .venv/bin
READY := .venv/.ready
PYTEST_ARGS ?=

.PHONY: help demo up test check format lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1|/' | tr '|' '\t' | expand -t 16

demo: $(READY)  ## a whole simulated day in three minutes, on this machine
	@exec $(BIN)/srez demo

up: $(READY)  ## everything on this machine: make up FLOOR=floor.yaml
	@exec $(BIN)/srez up $(if $(FLOOR),--floor $(FLOOR))

test: $(READY)  ## all tests; some of them: make test PYTEST_ARGS="tests/services/rules -q"
	@exec $(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(READY)  ## style, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## write the code in its one style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## compile requirements/*.lock anew from pyproject.toml
	@.ci/lock

clean:  ## remove everything that was made here; with DATA=yes the database of srez up as well
	@DATA=$(DATA) .ci/clean

$(READY): requirements/dev.lock pyproject.toml
	@.ci/setup
