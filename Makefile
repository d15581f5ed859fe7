# Sluice. `make` alone prints what there is. What is generated goes to out/, what is downloaded to .cache/.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CONFIGURATION ?= Debug
RID ?= linux-arm64
BUILD := dotnet build -nologo -v q -c $(CONFIGURATION)

# What a published binary depends on: all that ships, and nothing else.
SHIPPED := $(shell git ls-files -co --exclude-standard agent hal provisioning 2>/dev/null) \
           Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt global.json

# What its package is made of beside it.
PACKAGED := $(shell git ls-files -co --exclude-standard packaging docs/examples 2>/dev/null) CHANGELOG.md

.PHONY: help
help: ## print this list
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):[^#]*## /\1\t/' \
	  | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## a plant in a box: machines, broker, agent, MES; Ctrl-C ends it, or SECONDS=20
	@dotnet build -nologo -v q -c Release test/plant
	@test/plant/bin/Release/net10.0/sluice-plant demo $(if $(SECONDS),--seconds $(SECONDS))

.PHONY: picture
picture: ## copy the demo's table from a real run into README.md
	@dotnet build -nologo -v q -c Release test/plant
	@test/plant/bin/Release/net10.0/sluice-plant demo --seconds 20 --picture README.md

.PHONY: views
views: packages out/linux-x64/sluice-agent out/linux-x64/sluice-provision ## the guides' screens and pictures, anew
	@dotnet build -nologo -v q test/fast
	@dotnet build -nologo -v q test/field
	@SLUICE_VIEWS=write test/fast/bin/Debug/net10.0/Sluice.Fast --filter-class '*InstallerViewsTests' \
	  --no-ansi --progress off
	@SLUICE_VIEWS=write test/field/bin/Debug/net10.0/Sluice.Field --filter-class '*The_technicians_guide' \
	  --no-ansi --progress off

.PHONY: sim
sim: ## a simulated plant from a seed, told as a story: SEED=1 DAYS=2
	@dotnet build -nologo -v q -c Release test/plant
	@test/plant/bin/Release/net10.0/sluice-plant sim --seed $(or $(SEED),1) --days $(or $(DAYS),2)

.PHONY: sim-long
sim-long: ## a thousand simulated plants: WORLDS=1000 DAYS=1 SEED=1
	@dotnet build -nologo -v q -c Release test/plant
	@test/plant/bin/Release/net10.0/sluice-plant sim --seed $(or $(SEED),1) --days $(or $(DAYS),1) \
	  --worlds $(or $(WORLDS),1000)

.PHONY: build
build: ## compile everything; warnings are errors
	@$(BUILD) agent.sln

.PHONY: fast
fast: ## cores, contracts, repository rules: no root, no package, about a minute
	@test/run-suites.sh fast

.PHONY: test
test: packages ## everything within the budget of CONTRIBUTING.md; installs Debian packages as root
	@SLUICE_DAY_SEED=$(or $(SEED),1) test/run-suites.sh fast world field zones day gateway packages

.PHONY: test-all
test-all: test ## also a second dist, lintian, 100,000 crash states, 1,000 kills, a longer day, 100 power cuts
	@$(MAKE) dist-compare
	@$(MAKE) lintian
	@$(MAKE) test-debians
	@$(MAKE) test-upgrade
	@$(MAKE) crash STATES=100000
	@$(MAKE) torture
	@$(MAKE) day MINUTES=30
	@$(MAKE) power-cuts CUTS=100 STATES=5000

.PHONY: field
field: packages ## the real binaries against real mosquitto and real Modbus servers
	@test/run-suites.sh field

.PHONY: zones
zones: packages ## OT, DMZ and IT as network namespaces: what flows, what cannot, and rules with a mistake in them
	@test/run-suites.sh zones

.PHONY: evidence
evidence: packages out/linux-x64/sluice-agent out/linux-x64/sluice-provision
evidence: ## run what docs/guides/security-officer.md names: out/evidence/report.html and .json
	@test/evidence/run.sh

.PHONY: day
day: packages ## a day of faults: everything that can go wrong, overlapping, each time another: MINUTES=3 SEED=
	@SLUICE_DAY_MINUTES=$(or $(MINUTES),3) SLUICE_DAY_SEED=$(SEED) test/run-suites.sh day

.PHONY: test-gateway
test-gateway: packages ## compiled for ARM64, in QEMU: real GPIO chips, Debian 12 and 13 with their systemd
	@test/run-suites.sh gateway

out/gateway/sluice-probe: $(SHIPPED) $(wildcard test/gateway/probe/*.cs*)
	@mkdir -p out/gateway
	@dotnet publish test/gateway/probe -c Release -r linux-arm64 -o out/gateway/publish -nologo -v q
	@cp out/gateway/publish/sluice-probe $@

.PHONY: guest
guest:
	@test/gateway/build-guest.sh

out/gateway/initrd: guest out/gateway/sluice-probe out/linux-arm64/sluice-agent test/gateway/make-initrd.sh
	@test/gateway/make-initrd.sh

out/gateway/trixie.ext4 out/gateway/bookworm.ext4: out/gateway/%.ext4: system-root-% out/gateway/sluice-probe \
  out/linux-arm64/sluice-agent $(PACKAGED) $(shell find test/gateway/system test/gateway/guest -type f)
	@dotnet build -nologo -v q -c Release packaging/release
	@test/gateway/system/make-disk.sh $*

.PHONY: system-root-trixie system-root-bookworm
system-root-trixie system-root-bookworm: system-root-%:
	@test/gateway/system/build-root.sh $*

.PHONY: packages
packages: ## install the Debian packages that the tests need; does nothing when they are there
	@test/field/install-packages.sh {test/field,test/gateway,test/packages,packaging}/packages.txt

.PHONY: publish
publish: ## NativeAOT files of agent and tool: make publish RID=linux-arm64 | linux-x64 | win-x64
	@$(MAKE) $(if $(filter win-%,$(RID)),out/$(RID)/sluice-provision.exe,\
	  out/$(RID)/sluice-agent out/$(RID)/sluice-provision)

out/%/sluice-agent: $(SHIPPED) test/publish.sh
	@test/publish.sh $*

out/%/sluice-provision.exe: $(SHIPPED) test/publish.sh
	@test/publish.sh $* sluice-provision

out/%/sluice-provision: $(SHIPPED) test/publish.sh
	@test/publish.sh $* sluice-provision

RELEASED := $(foreach rid,linux-arm64 linux-x64,out/$(rid)/sluice-agent out/$(rid)/sluice-provision) \
            out/win-x64/sluice-provision.exe

.PHONY: dist
dist: dist-parts ## a release in out/dist, same commit same bytes: programs, packages, lists, checksums; KEY= signs it
	@packaging/make-dist.sh out/dist $(KEY)

.PHONY: dist-parts
dist-parts: $(RELEASED)
	@dotnet build -nologo -v q -c Release packaging/release

.PHONY: image
image: packages out/linux-arm64/sluice-agent ## a gateway for blank cards, in out/image: UPDATE_KEY= BOARD=
	@dotnet build -nologo -v q -c Release packaging/release
	@packaging/image/build.sh out/image

# For tests: the same, where something of it has changed.
out/image/made: out/linux-arm64/sluice-agent $(PACKAGED)
	@$(MAKE) image
	@touch $@

.PHONY: dist-compare
dist-compare: dist ## make the release a second time, elsewhere, and hold the two against each other
	@packaging/compare-dist.sh

.PHONY: test-packages
test-packages: packages ## a release made twice and judged, and the life of its packages in Debian 12 and 13
	@test/run-suites.sh packages

.PHONY: test-debians
test-debians: packages dist-parts ## the life of the package in the Debians that `make test` leaves out
	@test/packages/roots/build-root.sh bookworm amd64
	@test/packages/roots/build-root.sh trixie arm64
	@dotnet build -nologo -v q test/packages
	@test/packages/bin/Debug/net10.0/Sluice.Packages --filter-trait suite=all --no-ansi --progress off

.PHONY: test-upgrade
test-upgrade: packages out/gateway/initrd out/gateway/trixie.ext4 out/image/made out/linux-x64/sluice-provision
test-upgrade: ## upgrade and remove the package under systemd; the flashed image in trouble
	@dotnet build -nologo -v q test/gateway
	@test/gateway/bin/Debug/net10.0/Sluice.Gateway --filter-trait suite=all --no-ansi --progress off

.PHONY: lintian
lintian: packages dist ## Debian's own judge of the packages in out/dist; installs lintian
	@test/field/install-packages.sh test/packages/lintian.txt
	@lintian --allow-root --fail-on error,warning,info --display-info out/dist/*.deb

.PHONY: bench-footprint
bench-footprint: packages dist out/gateway/initrd
bench-footprint: ## docs/figures.md: sizes, memory, start, CPU per reading, collectd and Node-RED beside it
	@test/field/install-packages.sh test/bench/packages.txt
	@dotnet build -nologo -v q test/gateway
	@dotnet build -nologo -v q -c Release test/bench
	@test/bench/bin/Release/net10.0/sluice-bench footprint out/linux-x64/sluice-agent \
	  test/gateway/bin/Debug/net10.0/Sluice.Gateway docs/figures.md

.PHONY: bench-buffer
bench-buffer: BUFFER_PROCESS := out/bench-buffer-process/sluice-buffer-process
bench-buffer: out/bench-buffer-process/sluice-buffer-process
bench-buffer: ## figures: bytes on the disk per reading, speed, memory; DIR= names the disk
	@dotnet build -nologo -v q -c Release test/bench
	@mkdir -p $(or $(DIR),out/bench-buffer)
	@test/bench/bin/Release/net10.0/sluice-bench buffer $(or $(DIR),out/bench-buffer) $(BUFFER_PROCESS)

# Compiled as the agent is, so that its memory is what the buffer takes there.
out/bench-buffer-process/sluice-buffer-process: $(SHIPPED) $(wildcard test/bench/*/*.cs*)
	@dotnet publish test/bench/buffer-process -c Release -r linux-x64 -o $(@D) -nologo -v q

.PHONY: crash
crash: ## the buffer after power cuts, on a simulated disk: STATES=10000, SEED= to see a run again
	@dotnet build -nologo -v q -c Release test/fast
	@SLUICE_CRASH_STATES=$(or $(STATES),10000) SLUICE_CRASH_SEED=$${SEED:-$$(shuf -i 1-1000000 -n 1)} \
	  test/fast/bin/Release/net10.0/Sluice.Fast --filter-class '*.CrashStateTests' --show-live-output on \
	  --no-ansi --progress off

.PHONY: torture
torture: packages out/linux-x64/sluice-agent ## kill -9 a thousand times, against mosquitto: KILLS=1000
	@dotnet build -nologo -v q test/field
	@SLUICE_KILLS=$(or $(KILLS),1000) test/field/bin/Debug/net10.0/Sluice.Field --show-live-output on \
	  --filter-method '*Killed.Again_and_again*' --no-ansi --progress off

.PHONY: power-cuts
power-cuts: packages out/gateway/initrd ## power cuts of the real agent on ext4, in QEMU: CUTS=20 STATES=500 SEED=
	@dotnet build -nologo -v q test/gateway
	@SLUICE_CUTS=$(CUTS) SLUICE_CUT_STATES=$(STATES) SLUICE_CUT_SEED=$(SEED) \
	  test/gateway/bin/Debug/net10.0/Sluice.Gateway --filter-class '*.Power_cuts' --no-ansi --progress off

.PHONY: fuzz
fuzz: ## random bytes against every parser of bus and identity, judged by another one: SEED= COUNT= [FIRST= ONLY=]
	@dotnet build -nologo -v q -c Release test/fuzz
	@test/fuzz/bin/Release/net10.0/sluice-fuzz --seed $(or $(SEED),$$$$) --count $(or $(COUNT),20000000) \
	  --first $(or $(FIRST),0) $(if $(ONLY),--only $(ONLY))

.PHONY: vectors
vectors: ## write the registers of every type and order anew, with pymodbus and struct
	@/usr/bin/python3 -B test/fast/Hal/Vectors/make_vectors.py >test/fast/Hal/Vectors/types-and-orders.txt

.PHONY: bench-modbus
bench-modbus: ## figures: Modbus beside a raw C client and server, a line's limit, 200 devices, a panel's time
	@dotnet build -nologo -v q -c Release test/bench
	@mkdir -p out/bench-modbus
	@for each in server client line rtu; do \
	  cc -O2 -Wall -Wextra -pthread -o out/bench-modbus/$$each test/bench/Modbus/$$each.c || exit 1; done
	@echo "Release, compiled ahead of use (DOTNET_TieredCompilation=0, TieredPGO=0, no concurrent GC), as NativeAOT is"
	@DOTNET_TieredCompilation=0 DOTNET_TieredPGO=0 DOTNET_gcConcurrent=0 \
	  test/bench/bin/Release/net10.0/sluice-bench modbus out/bench-modbus

.PHONY: bench-uplink
bench-uplink: packages out/linux-x64/sluice-agent out/bench-uplink-process/sluice-uplink-process
bench-uplink: ## figures: readings/s, CPU, latency, backlog and bytes to mosquitto, beside MQTTnet alone
	@dotnet build -nologo -v q -c Release test/bench
	@test/bench/bin/Release/net10.0/sluice-bench uplink out/linux-x64/sluice-agent \
	  out/bench-uplink-process/sluice-uplink-process

# Compiled as the agent is, so that the limit is not one of the compiler.
out/bench-uplink-process/sluice-uplink-process: $(wildcard test/bench/uplink-process/*.cs*) \
  test/bench/Uplink/PayloadFile.cs test/mes/Link/MesLink.cs test/mes/Link/MesIdentity.cs Directory.Packages.props
	@dotnet publish test/bench/uplink-process -c Release -r linux-x64 -o $(@D) -nologo -v q

.PHONY: check-format
check-format: ## whitespace as .editorconfig says
	@dotnet format whitespace agent.sln --verify-no-changes --verbosity minimal

.PHONY: clean
clean: ## remove what was built; downloaded things stay in .cache/
	@rm -rf out
	@find . -type d \( -name bin -o -name obj \) -not -path './.git/*' -not -path './.cache/*' -prune -exec rm -rf {} +
