# The front door: each target is a word that a newcomer would guess. CMake and scripts do the work.
.DEFAULT_GOAL := all
.PHONY: all release demo test bench lint format config clean faults threads mutants fuzz help
SHELL := /bin/bash

install = deploy/dev/install $(1)
build   = cmake --preset $(1) --log-level=WARNING >/dev/null && cmake --build --preset $(1)

all: ## build for the debugger, into build/debug/bin
	@$(call install,build)
	@$(call build,debug)

release: ## build hardened and optimised, into build/release/bin
	@$(call install,build)
	@$(call build,release)

demo: release ## watch people come through the workers, on a real Kafka and PostgreSQL
	@$(call install,run demo)
	@deploy/dev/demo

test: ## everything that must hold: unit, integration and fault tests under ASan and UBSan
	@tests/run

faults: ## fault tests for DURATION= seconds (600 without), with SEED= as before
	@tests/run install build faults

threads: ## unit tests and faults under ThreadSanitizer, DURATION= seconds a service (60 and 30 without)
	@tests/run install threads

mutants: ## break the protocol in each known way and show that the checker sees it
	@tests/run install build mutants

bench: release ## events/s, CPU an event, memory and latency, as a table
	@$(call install,run test)
	@tests/bench/run

fuzz: ## run each fuzzer for DURATION= seconds (60 without)
	@$(call install,build fuzz)
	@$(call build,fuzz)
	@tests/fuzz/run

lint: all ## formatting, clang-tidy, cppcheck, banned functions and includes
	@$(call install,build lint)
	@tests/lint/run

format: ## lay out all C by .clang-format
	@$(call install,lint)
	@find common services schemas tests -name '*.[ch]' -exec clang-format -i {} +

config: release ## the settings of each worker: name, default, meaning
	@for worker in build/release/bin/onboarding-*; do $$worker --help || exit; done

clean: ## stop the stack of this checkout and delete what was built
	@deploy/dev/stack stop
	@rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile
