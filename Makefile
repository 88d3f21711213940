# SPDX-License-Identifier: LGPL-2.1-or-later
# Thin names for what meson and tools/ do. `make demo` and `make test` are complete on a fresh Debian 12.
BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
export FUZZ_SECONDS

.PHONY: all setup build test check demo bench fuzz lint format install clean system

all: build

setup:
	@tools/setup --for build

build: setup
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD)
	@ln -sfn src/gourd $(BUILD)/gourd

# Everything: ordinary and sanitizer builds, every test, lint; see tools/test.
test:
	@tools/setup --for build --for test --for system
	@tools/test

# What a developer runs between edits: the ordinary build's tests only, without those that boot a system.
check: build
	@meson test -C $(BUILD) --no-suite system --print-errorlogs

# Bundles under real systemds only (tests/system/README.md).
system: build
	@tools/setup --for build --for test --for system
	@meson test -C $(BUILD) --suite system --print-errorlogs

lint:
	@tools/setup --for build --for test
	@tools/lint

format:
	@git ls-files -z '*.c' '*.h' | xargs -0r clang-format -i

demo:
	@tools/demo

bench: build
	@tools/setup --for bench
	@bench/run

fuzz:
	@tools/setup --for build --for test
	@tools/fuzz

install: build
	@meson install -C $(BUILD)

clean:
	rm -rf build build-*
