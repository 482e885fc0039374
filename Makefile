# `make demo` restores a recording before your eyes; `make test` checks everything. Both set themselves up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INPUT ?=
# make fuzz KIND=sounds COUNT=5000 SEED=7; a fault's own line repeats it: make fuzz KIND=sounds SEED=7 INDEX=12
KIND ?=
COUNT ?= 2000
KILLS ?= 40
SEED ?= 0
INDEX ?=
HOSTS ?=
SECONDS ?= 10
SOURCES := $(shell find src presets models -name '*.py' -o -name '*.[ch]pp' -o -name '*.json' -o -name '*.onnx') pyproject.toml
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint types unit whole test-web browser site real_vst3s programs other_systems virtual_display test-hosts bench examples clean

# The package itself is installed, not linked: what is tested is what users get.
$(VENV)/.installed: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	rm -rf build/lib build/bdist*
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet ".[dev]"
	touch $@

demo: $(VENV)/.installed
	$(BIN)/wavemend demo $(if $(INPUT),"$(INPUT)") --output demo --overwrite

test: lint types site unit whole test-web

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --follow-imports=silent src/host/export/transport_windows.py

# The documentation as pages in build/site; a link that leads nowhere fails.
site: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

unit: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto -m "not whole"

whole: $(VENV)/.installed real_vst3s programs other_systems virtual_display
	$(BIN)/python -m pytest -n auto -m "whole and not web"

# The preview's page, as a person uses it, in Debian's Chromium; without it, or the right to install it, those skip.
test-web: $(VENV)/.installed browser
	$(BIN)/python -m pytest -n 2 -m web tests/host/preview

BROWSER := chromium fonts-dejavu-core
browser:
	@test "$$(id -u)" != 0 || ! command -v dpkg >/dev/null || dpkg -s $(BROWSER) >/dev/null 2>&1 || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $(BROWSER); } || true

# Debian's zam-plugins, for the tests that host real VST3s; without the right to install, those say so and skip.
real_vst3s:
	@test -d /usr/lib/vst3/ZamComp.vst3 || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends zam-plugins; } || true

# Peers in the benchmarks' tables, and codecs and resamplers that their material passes; the reference FLAC encoder.
PROGRAMS := ffmpeg sox flac
programs:
	@test "$$(id -u)" != 0 || ! command -v dpkg >/dev/null || dpkg -s $(PROGRAMS) >/dev/null 2>&1 || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $(PROGRAMS); } || true

# Compilers for Windows and ARM and what runs their programs here, for the tests that the effects' shell is portable.
OTHER_SYSTEMS := g++-mingw-w64-x86-64-posix wine64 g++-aarch64-linux-gnu qemu-user
other_systems:
	@test "$$(id -u)" != 0 || ! command -v dpkg >/dev/null || dpkg -s $(OTHER_SYSTEMS) >/dev/null 2>&1 || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $(OTHER_SYSTEMS); } || true

# A display without a screen, for the tests of the effects' editor; else those say so and skip.
DISPLAY_PACKAGES := xvfb libxtst6 libcairo2 fonts-dejavu-core
virtual_display:
	@test "$$(id -u)" != 0 || ! command -v dpkg >/dev/null || dpkg -s $(DISPLAY_PACKAGES) >/dev/null 2>&1 || \
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $(DISPLAY_PACKAGES); } || true

# Mutated files through every command (what faults were found in stays in build/fuzz), and runs that are killed.
fuzz: $(VENV)/.installed
ifneq ($(KIND),kills)
	$(BIN)/python -m tests.fuzz $(KIND) --seed $(SEED) $(if $(INDEX),--first $(INDEX) --count 1,--count $(COUNT))
endif
ifeq ($(or $(KIND),kills),kills)
	$(BIN)/python -m tests.fuzz.kills --seed $(SEED) $(if $(INDEX),--first $(INDEX) --count 1,--count $(KILLS))
endif

# Effects in other people's hosts, installed into build/hosts (Ardour from Debian): bytes against a rendering's, and
# a hundred kills of an engine. make test-hosts HOSTS=ardour SECONDS=600
test-hosts: $(VENV)/.installed
	$(BIN)/python -m tests.hosts $(HOSTS) --seconds $(SECONDS)
	$(BIN)/python -m tests.hosts.kills

bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet ".[bench]"
	$(BIN)/python -m bench.material.fetch_audio
	$(BIN)/python -m bench

# Sound examples, to hear: before, after and removed, as FLAC, with a page that plays them (build/examples).
examples: $(VENV)/.installed
	$(BIN)/python -m bench.material.fetch_audio
	$(BIN)/python -m bench.pictures.sounds

clean:
	rm -rf build demo .mypy_cache .ruff_cache .pytest_cache $(VENV)
