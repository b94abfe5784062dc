# shoprank: `make help` lists the targets. Each does its own set-up in .venv; nothing outside this folder is changed,
# but that `make test` installs Chromium with apt-get where it may (scripts/setup_browser.sh).
BIN := .venv/bin

.PHONY: help setup bench-setup demo test test-slow test-second-stack lint format docs lock clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

setup: ## Python environment in .venv with pinned packages, data and text encoder; at once when up to date
	@sh scripts/setup_environment.sh

bench-setup: ## the packages that `shoprank benchmark` compares with, in .venv-bench
	@sh scripts/setup_benchmarks.sh

demo: setup ## train, evaluate and query a shop on the data that comes with the set-up
	$(BIN)/shoprank demo

test: lint ## checks and fast tests (what CI runs)
	@sh scripts/setup_browser.sh
	$(BIN)/python -m pytest -n 2

test-slow: setup ## the tests that `make test` leaves out for time
	$(BIN)/python -m pytest -m "slow or modern_stack"

test-second-stack: ## `make test` on Python 3.13 and TensorFlow 2.21, in a Debian 13 root that it makes; needs root
	@sh scripts/second_stack.sh make test

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## rewrite the code in the one layout and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## the documentation site in site/
	$(BIN)/mkdocs build --strict

lock: setup ## pin the packages of both stacks from setup.py; LOCK_FLAGS="--upgrade" moves the pins
	sh scripts/lock.sh $(LOCK_FLAGS)

clean: ## remove .venv, .venv-bench, builds and caches; runs/ stays
	rm -rf .venv .venv-bench build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
