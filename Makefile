# What can be done with this checkout. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
# Tests run on this many processes; PYTEST_ADDOPTS adds options to every run of pytest.
WORKERS ?= 2
BENCH ?= *
DOCUMENTS ?= 100000
SCALE ?=
PYTEST := $(PY) -m pytest
PACKAGES := archivo ingest search preservation

.PHONY: help setup demo serve stop check test test-servers test-postgresql test-kill test-kill-all test-browser faults faults-short faults-long conformance bench bench-smoke bench-scale bench-final docs clean

help: ## Esta lista
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready ## Prepara este equipo para ejecutar Archivo

demo: .venv/.ready ## Archivo con documentos de muestra, servido en segundo plano
	@.venv/bin/archivo demo

serve: .venv/.ready ## Archivo con sus propios datos, en primer plano
	@.venv/bin/archivo serve

stop: ## Detiene lo que dejó sirviendo «make demo»
	@.ci/stop

check: .venv/.ready-dev ## Estilo, tipos y reglas de importación
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check -q .
	@$(PY) -m mypy $(PACKAGES) tests
	@.venv/bin/lint-imports --no-cache

test: .venv/.ready-dev ## Las pruebas
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not slow and not kill and not browser and not servers and not faults" --ignore=tests/conformance

test-servers: test-postgresql ## Las mismas promesas sobre servidores de verdad (PostgreSQL, S3…), que se instalan la primera vez
	$(PYTEST) -n $(WORKERS) --dist loadfile -m servers

test-postgresql: .venv/.ready-dev ## Las pruebas del archivo, con sus filas en PostgreSQL
	@.ci/setup servers
	ARCHIVO_TEST_ROWS=postgresql $(PYTEST) -n $(WORKERS) --dist loadfile tests/archivo -m "not slow and not kill and not browser and not servers and not faults"

test-kill: .venv/.ready-dev ## Pruebas que matan procesos en instantes elegidos
	$(PYTEST) -n $(WORKERS) --dist loadfile -m kill

test-kill-all: .venv/.ready-dev ## Lo mismo, en cada instante posible: más de media hora
	$(PYTEST) -m "kill or slow" tests/kill

test-browser: .venv/.ready-dev ## Pruebas en un navegador de verdad
	@.ci/setup browser
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "browser and not servers"

faults: .venv/.ready-dev ## Servidores y procesos que mueren, se congelan o se desconectan mientras se trabaja: media hora
	@.ci/setup servers
	$(PYTEST) -m faults tests/faults

faults-short: .venv/.ready-dev ## De lo mismo, en seis minutos: sesenta muertes y ausencias breves
	@.ci/setup servers
	ARCHIVO_FAULTS_KILLS=60 ARCHIVO_FAULTS_ABSENCE=3 $(PYTEST) -n $(WORKERS) --dist loadfile -m faults tests/faults/test_kills.py tests/faults/test_absences.py

faults-long: .venv/.ready-dev ## Lo mismo con mil muertes, otra en cada paso y ausencias de un minuto: varias horas
	@.ci/setup servers
	ARCHIVO_FAULTS_KILLS=1000 ARCHIVO_FAULTS_STEPS=1000 ARCHIVO_FAULTS_ABSENCE=60 $(PYTEST) -m faults tests/faults

conformance: .venv/.ready-dev .venv/.ready-eark ## El juicio de otros: validadores y colecciones oficiales, y LibreOffice
	@.ci/setup office
	$(PYTEST) -n $(WORKERS) --dist loadfile tests/conformance -m "not servers"

bench: .venv/.ready-dev ## Medidas con material inventado (BENCH=search: sólo una)
	@set -e; for one in tests/bench/bench_$(BENCH).py; do $(PY) -m "tests.bench.$$(basename "$$one" .py)"; done

bench-smoke: .venv/.ready-dev ## Que las medidas funcionan, en medio minuto; sus cifras no dicen nada
	@$(PY) -m tests.bench.bench_search --documents 1000 >/dev/null
	@$(PY) -m tests.bench.bench_extract --files 6 --pages 10 >/dev/null

bench-scale: .venv/.ready-dev ## Medidas de un archivo grande, también en servidores (SCALE=search: sólo una; DOCUMENTS="100000 1000000"; horas y 40 GB)
	@.ci/setup servers
	$(PY) -m tests.bench.scale $(SCALE) --documents $(DOCUMENTS)

bench-final: .venv/.ready-dev ## Medidas con material real: la carpeta ARCHIVO_REFERENCE
	@test -d "$(ARCHIVO_REFERENCE)" || { echo "Diga en ARCHIVO_REFERENCE dónde está el material de referencia."; exit 2; }
	@set -e; for one in tests/bench/final_$(BENCH).py; do $(PY) -m "tests.bench.$$(basename "$$one" .py)" "$(ARCHIVO_REFERENCE)"; done

docs: .venv/.ready-dev ## Rehace las páginas que se generan del código
	$(PY) -m tests.architecture.pages

clean: ## Borra lo instalado y lo generado; nunca los datos (var/)
	rm -rf .venv node_modules archivo/web/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(PACKAGES) tests -name __pycache__ -type d -exec rm -rf {} +

.venv/.ready: requirements.lock .ci/setup .ci/setup.lock .ci/node.lock package-lock.json archivo/web/build_assets.py
	@.ci/setup
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@.ci/setup dev
	@touch $@

.venv/.ready-eark: .venv/.ready .ci/eark.lock
	@.ci/setup eark
	@touch $@
