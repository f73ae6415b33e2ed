# The toolkit in one plain Makefile. `make help` lists the targets.
#
#   BUILD=dir   where objects and programs go (default: build)
#   DEV=1       warnings are errors (on in a git checkout; DEV=0 turns it off)
#   V=1         show the commands
#   SANITIZE=address,undefined | thread    as in `make asan`, `make tsan`

BUILD   ?= build
PREFIX  ?= /usr/local
DEV     ?= $(if $(wildcard .git),1,0)
CFLAGS  ?= -O2 -g
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)

# Debian packages: to build, and what the tests need beside that.
DEPS     = gcc libc6-dev make pkg-config libcurl4-openssl-dev libjansson-dev libmaxminddb-dev libpcap-dev libyaml-dev \
           libdeflate-dev libisal-dev libmicrohttpd-dev libsystemd-dev libseccomp-dev libssl-dev uthash-dev
DEMODEPS = python3 python3-pip maven curl ca-certificates
TESTDEPS = $(DEMODEPS) openssl libcmocka-dev python3-yaml openjdk-17-jdk-headless softflowd pmacct openvswitch-switch iproute2 jsonnet

LIBS = libcurl jansson libmaxminddb libpcap yaml-0.1 libdeflate libmicrohttpd libssl libcrypto
pkg  = $(shell command -v pkg-config >/dev/null && pkg-config $(1))
HAVE := $(foreach l,libisal libsystemd libseccomp,$(call pkg,--exists $(l) && echo $(l)))# used where they are
WARN = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
       -Wno-sign-conversion -Wno-format-truncation -Wno-unknown-warning-option $(if $(filter 1,$(DEV)),-Werror)
SAN  = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)

ALL_CFLAGS  = -std=c17 -D_GNU_SOURCE -I. -I$(BUILD)/gen -DEF_VERSION='"$(VERSION)"' $(WARN) $(SAN) \
              -fPIE -pthread -MMD -MP $(call pkg,--cflags $(LIBS)) \
              $(patsubst lib%,-DHAVE_%=1,$(HAVE)) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread $(SAN) $(LDFLAGS)
LDLIBS      = $(call pkg,--libs $(LIBS) $(HAVE)) -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

src = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)/*.c))
COMMON  = $(call src,common)
DECODE  = $(call src,forwarder/decode) $(BUILD)/gen/fields.o $(BUILD)/gen/sflow.o
SHIP    = $(call src,forwarder/ship)
EFD     = $(call src,forwarder)
EFCTL   = $(call src,importer) $(call src,importer/*)
IMPORT  = $(filter-out %/main.o,$(EFCTL)) $(BUILD)/gen/assets.o
ARCHIVES = $(BUILD)/libefd.a $(BUILD)/libefimport.a $(BUILD)/libefship.a $(BUILD)/libefdecode.a $(BUILD)/libefcommon.a

# A test is an executable tests/<group>/test_* that prints TAP (C: tests/unit, tests/property). No network for the first list.
UNIT_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c tests/property/test_*.c))
scripts    = $(wildcard $(addsuffix /test_*.py,$(addprefix tests/,$(1))) $(addsuffix /test_*.sh,$(addprefix tests/,$(1))))
CHECKS     = $(UNIT_TESTS) $(call scripts,lint lib golden golden-bad captures assets oracle fuzz)
FUZZ       = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TEST_TOOLS = $(BUILD)/tests/oracle/decode $(FUZZ:%=$(BUILD)/tests/fuzz/%) $(BUILD)/tests/fuzz/seeds
CLUSTER    = $(call scripts,pipeline dict e2e kibana)
FAULT      = $(call scripts,fault)
WITH_ENGINE = $(if $(ES_URL),,tests/engine/engine run opensearch --)

.PHONY: all help check test golden-update bench pipeline e2e fault soak test-cluster test-kibana dashboards fuzz fuzz-run demo demo-stop clean format lint deps deps-test install-deps asan tsan install
.SECONDARY:
export ES_URL ES_USER ES_PASSWORD ES_API_KEY ES_CA_FILE KIBANA_URL

all: $(BUILD)/efd $(BUILD)/efctl ## Build efd and efctl

help: ## Show this list
	@awk -F':.*## ' '/^[a-z][a-z -]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BUILD)/libefcommon.a: $(COMMON)
$(BUILD)/libefdecode.a: $(DECODE)
$(BUILD)/libefship.a: $(SHIP)
$(BUILD)/libefd.a: $(filter-out %/main.o,$(EFD))
$(BUILD)/libeftest.a: $(call src,tests/lib)
$(BUILD)/libefimport.a: $(IMPORT)
$(BUILD)/%.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/efd: $(BUILD)/forwarder/main.o $(ARCHIVES)
$(BUILD)/efctl: $(BUILD)/importer/main.o $(ARCHIVES)
$(BUILD)/efd $(BUILD)/efctl:
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# Constant rows from the tables in forwarder/fields.
GEN = $(call src,forwarder/fields) $(BUILD)/forwarder/decode/field_type.o $(BUILD)/common/csv.o $(BUILD)/common/err.o
$(BUILD)/gen/gen: $(GEN)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/gen/fields.c $(BUILD)/gen/sflow.c: $(BUILD)/gen/%.c: $(BUILD)/gen/gen $(wildcard forwarder/fields/*.csv forwarder/fields/vendor/*.csv)
	$(call say,GEN,$@)
	$(Q)$(BUILD)/gen/gen forwarder/fields $* > $@.new && mv $@.new $@
# Templates, pipelines, dictionaries and dashboards, inside efctl.
ASSETS = $(shell find es-templates ingest-pipelines kibana -name '[a-z]*.json' -o -name '*.yml' -o -name '*.csv' \
           -o -name '*.painless' 2>/dev/null | LC_ALL=C sort)
$(BUILD)/gen/assets.c: importer/assets/embed.sh $(ASSETS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)printf '%s\n' $(ASSETS) | importer/assets/embed.sh > $@.new && mv $@.new $@
$(BUILD)/gen/%.o: $(BUILD)/gen/%.c
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libeftest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# Fuzz targets: with libFuzzer where FUZZER is set, else programs that run each file they are given.
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(BUILD)/tests/fuzz/main.o) \
                            $(BUILD)/libeftest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(LDLIBS)

check: all $(UNIT_TESTS) $(TEST_TOOLS) ## Unit and golden tests: no network, under 30 s
	$(Q)tests/run.py $(CHECKS)

test: all $(UNIT_TESTS) $(TEST_TOOLS) ## All tests; fetches and starts the search engines that they need
	$(Q)$(WITH_ENGINE) tests/run.py $(CHECKS) $(FAULT) $(CLUSTER)

golden-update: $(TEST_TOOLS) ## Write what the decoder makes of the golden inputs; read the diff
	$(Q)tests/golden/test_golden.py --update

pipeline e2e: all ## The tests of that name alone, with an engine of their own
	$(Q)$(WITH_ENGINE) tests/run.py $(call scripts,$@)

fault: all ## Against a scripted server that fails in every way
	$(Q)tests/run.py $(FAULT)

$(BUILD)/tests/soak/flood: $(BUILD)/tests/soak/flood.o
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
soak: all $(BUILD)/tests/soak/flood ## Floods, then a load for T seconds (1800) with a server that comes and goes
	$(Q)tests/soak/soak.py $(T)

test-cluster: all ## The tests that need a cluster, on yours: ES_URL=, ES_USER=, ES_PASSWORD= or ES_API_KEY=
	$(Q)test -n "$(ES_URL)" || { echo 'say which: make test-cluster ES_URL=https://host:9200'; exit 2; }
	$(Q)tests/run.py $(CLUSTER)

$(BUILD)/tests/bench/gen: $(call src,tests/bench/generate)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm
bench: all $(BUILD)/tests/bench/gen $(BUILD)/tests/bench/decode ## How fast it is, as ratios
	$(Q)tests/bench/decode.py && tests/bench/ship.py
	$(Q)$(WITH_ENGINE) tests/bench/dictionaries.py
	$(Q)$(WITH_ENGINE) tests/bench/pipelines.py
	$(Q)$(WITH_ENGINE) tests/bench/disk.py

test-kibana: all ## The dashboards in a browser, in your Kibana: KIBANA_URL=, ES_URL=, ES_USER=, ES_PASSWORD=
	$(Q)test -n "$(KIBANA_URL)" -a -n "$(ES_URL)" || { echo 'say which: make test-kibana KIBANA_URL=http://host:5601 ES_URL=https://host:9200'; exit 2; }
	$(Q)tests/run.py -t 1800 tests/kibana/test_browser.py tests/kibana/test_setup.py tests/kibana/test_alerting.py

dashboards: ## Compile kibana/src (Jsonnet) into kibana/<type>/<id>.json
	$(Q)kibana/src/pretty.py kibana/src kibana

fuzz: ## Fuzz each target for T seconds (60) with libFuzzer; findings: build-fuzz/found
	$(Q)$(MAKE) fuzz-run BUILD=build-fuzz CC=clang-14 FUZZER=1 SANITIZE=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'
fuzz-run: $(BUILD)/tests/fuzz/seeds $(FUZZ:%=$(BUILD)/tests/fuzz/%)
	$(Q)tests/fuzz/run.sh $(BUILD) $(or $(T),60) $(or $(ONLY),$(FUZZ))

demo: ## From nothing to a table of top talkers: installs, builds, starts an engine, replays captures
	$(Q)tests/apt.sh $(DEPS) $(DEMODEPS)
	$(Q)$(MAKE) --no-print-directory -j2 all
	$(Q)BUILD=$(BUILD) tests/demo/demo.sh start
demo-stop: ## End the engine of the demo and remove its data
	$(Q)tests/demo/demo.sh stop

asan: ## make check under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) check BUILD=build-asan SANITIZE=address,undefined CFLAGS='-O1 -g'
tsan: ## make check under ThreadSanitizer
	$(Q)$(MAKE) check BUILD=build-tsan SANITIZE=thread CFLAGS='-O1 -g'

deps: ## Print the command that installs what a build needs
	@echo apt-get install -y --no-install-recommends $(DEPS)
deps-test: ## The same for the tests
	@echo apt-get install -y --no-install-recommends $(DEPS) $(TESTDEPS)
install-deps: ## Install both (Debian, as root or with sudo)
	$(Q)tests/apt.sh $(DEPS) $(TESTDEPS)

$(BUILD)/%.8: $(BUILD)/efd
	$(Q)$< --print-man > $@.new && mv $@.new $@

PUT = install -D -m 644
install: all $(BUILD)/efd.8 ## Install programs, manual, systemd units and settings below PREFIX (and /etc) in DESTDIR
	$(Q)install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/efd $(BUILD)/efctl
	$(Q)$(PUT) -t $(DESTDIR)$(PREFIX)/share/man/man8 $(BUILD)/efd.8
	$(Q)for u in service socket; do sed 's|@PREFIX@|$(PREFIX)|' packaging/systemd/efd.$$u | \
	  $(PUT) /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/efd.$$u || exit 1; done
	$(Q)$(PUT) packaging/systemd/efd.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/efd.conf
	$(Q)$(PUT) packaging/systemd/efd.sysctl $(DESTDIR)$(PREFIX)/lib/sysctl.d/50-efd.conf
	$(Q)test -e $(DESTDIR)/etc/efd/efd.yml || $(PUT) packaging/efd.yml $(DESTDIR)/etc/efd/efd.yml

lint: ## What a program can check of STYLE.md
	$(Q)tests/lint/test_style.py
format: ## Apply .clang-format
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i
clean: ## Remove what builds made
	$(Q)rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
