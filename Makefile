# The toolkit in one plain Makefile. `make help` lists the targets.
#
#   BUILD=dir   where objects and programs go (default: build)
#   DEV=1       warnings are errors (on in a git checkout; DEV=0 turns it off)
#   V=1         show the commands
#   SANITIZE=address,undefined | thread    as in `make asan`, `make tsan`
#   CC, AR, PKG_CONFIG    of the machine that will run it; HOSTCC builds what runs while building (default: cc when those differ)
#   CPPFLAGS, CFLAGS, LDFLAGS              come after our own flags and win
#   SETUP=0     install no Debian packages: use what is there

BUILD   ?= build
PREFIX  ?= /usr/local
DEV     ?= $(if $(wildcard .git),1,0)
CFLAGS  ?= -O2 -g
$(if $(word 2,$(BUILD)),$(error BUILD: make takes no names with spaces, and this one is '$(BUILD)'))

# Before the first release the commit's time orders versions: an older efctl leaves what a newer one installed. So the checkout
# has the same one whoever builds it, also where it is another user's: who runs its Makefile trusts it.
GIT     := git -c safe.directory='*'
# A tarball of `make dist` says in a file which version and commit it is.
VERSION := $(or $(shell sed -n 1p VERSION 2>/dev/null),$(patsubst v%,%,$(shell $(GIT) describe --tags --abbrev=12 --dirty 2>/dev/null || { \
             at=$$(TZ=UTC $(GIT) log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S 2>/dev/null) && \
             echo 0.1.0-$$at-g$$($(GIT) describe --always --abbrev=12 --dirty); })),0.1.0)
COMMIT  := $(or $(shell sed -n '2s/^\(.\{12\}\).*/\1/p' VERSION 2>/dev/null),$(shell $(GIT) rev-parse --short=12 HEAD 2>/dev/null))
# behind the version, where that does not name the commit itself
BEHIND   = $(if $(COMMIT),$(if $(findstring $(COMMIT),$(VERSION)),, (commit $(COMMIT))))

PKG_CONFIG ?= pkg-config
CROSS      := $(filter-out $(shell uname -m),$(firstword $(subst -, ,$(shell test '$(CC)' && $(CC) -dumpmachine 2>/dev/null))))
HOSTCC     ?= $(if $(CROSS),cc,$(CC))

# Debian packages: to build, and what each target below needs beside that and installs itself. a|b: one of them, the first that there is.
DEPS      = gcc libc6-dev make pkg-config libcurl4-openssl-dev libjansson-dev libmaxminddb-dev libpcap-dev libyaml-dev \
            libdeflate-dev libisal-dev libmicrohttpd-dev libsystemd-dev libseccomp-dev libsnmp-dev libssl-dev uthash-dev
LINTDEPS  = git patch python3 python3-pip python3-yaml pmccabe codespell mandoc clang-format-14|clang-format
ANALYZEDEPS = git python3 clang-14|clang cppcheck shellcheck flake8
CHECKDEPS = $(LINTDEPS) libcmocka-dev openssl python3-yaml snmpd systemd
DEMODEPS  = python3 python3-pip maven curl ca-certificates
TESTDEPS  = $(CHECKDEPS) $(DEMODEPS) openjdk-25-jdk-headless|openjdk-21-jdk-headless|openjdk-17-jdk-headless \
            softflowd pmacct nfdump openvswitch-switch iproute2 iputils-ping jsonnet nodejs npm
CLANG     = $(notdir $(lastword $(shell ls -v /usr/bin/clang-[0-9]* 2>/dev/null)))# the newest
DEBDEPS   = git build-essential debhelper lintian
FUZZDEPS  = $(CHECKDEPS) $(or $(CLANG),clang-19|clang-14) $(patsubst clang-%,libclang-rt-%-dev,$(CLANG))

LIBS = libcurl jansson libmaxminddb libpcap yaml-0.1 libdeflate libmicrohttpd libssl libcrypto
pkg  = $(shell command -v $(firstword $(PKG_CONFIG)) >/dev/null && $(PKG_CONFIG) $(1))
HAVE := $(foreach l,libisal libsystemd libseccomp netsnmp,$(call pkg,--exists $(l) && echo $(l)))# used where they are
WARN = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
       -Wno-sign-conversion -Wno-format-truncation -Wno-unknown-warning-option $(if $(SAN),,-Wframe-larger-than=16384) \
       $(if $(filter 1,$(DEV)),-Werror)
SAN  = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)

# Hardening, as far as this compiler takes it (asked once, the answer is kept in $(BUILD)). The fortified functions of the C
# library need optimisation, and would hide from sanitizers what these are there to see.
HARDEN_CC = -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard
HARDEN_LD = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
HARDEN    = $(eval HARDEN := $$(shell packaging/probe.sh $$(BUILD)/hardening '$$(CC)' $(HARDEN_CC) $(HARDEN_LD)))$(HARDEN)
OPTIMISES = $(filter-out -O0,$(lastword $(filter -O%,$(CPPFLAGS) $(CFLAGS))))
FORTIFY   = $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,-U_FORTIFY_SOURCE \
              $(if $(OPTIMISES),$(if $(SAN)$(FUZZER),,-D_FORTIFY_SOURCE=3)))

ALL_CFLAGS  = -std=c17 -D_GNU_SOURCE -I. -I$(BUILD)/gen -DEF_VERSION='"$(VERSION)"' '-DEF_COMMIT="$(BEHIND)"' $(WARN) $(SAN) \
              -fPIE -pthread -funsigned-char -MMD -MP '-ffile-prefix-map=$(CURDIR)=.' $(call pkg,--cflags $(LIBS)) \
              $(patsubst %,-DHAVE_%=1,$(HAVE:lib%=%)) $(filter-out -Wl%,$(HARDEN)) $(FORTIFY) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,--as-needed $(SAN) $(filter -Wl%,$(HARDEN)) $(LDFLAGS)
LDLIBS      = $(call pkg,--libs $(LIBS) $(HAVE)) -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))

src = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard $(1)/*.c)))
COMMON  = $(call src,common)
DECODE  = $(call src,forwarder/decode) $(call src,forwarder/decode/*) $(BUILD)/gen/fields.o $(BUILD)/gen/sflow.o
SHIP    = $(call src,forwarder/ship)
EFD     = $(call src,forwarder)
EFCTL   = $(call src,importer) $(call src,importer/*)
IMPORT  = $(filter-out %/main.o,$(EFCTL)) $(BUILD)/gen/assets.o
ARCHIVES = $(BUILD)/libefd.a $(BUILD)/libefimport.a $(BUILD)/libefship.a $(BUILD)/libefdecode.a $(BUILD)/libefcommon.a

# A test is an executable tests/<group>/test_* that prints TAP (C: tests/unit, tests/property). No network for the first list.
UNIT_TESTS = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c tests/property/test_*.c))
scripts    = $(wildcard $(addsuffix /test_*.py,$(addprefix tests/,$(1))) $(addsuffix /test_*.sh,$(addprefix tests/,$(1))))
CHECKS     = $(UNIT_TESTS) $(call scripts,lint package lib golden golden-bad captures assets oracle fuzz inventory)
FUZZ       = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TEST_TOOLS = $(BUILD)/tests/oracle/decode $(FUZZ:%=$(BUILD)/tests/fuzz/%) $(BUILD)/tests/fuzz/seeds $(BUILD)/tests/fault/clock.so
CLUSTER    = $(call scripts,pipeline dict e2e kibana)
FAULT      = $(call scripts,fault)
WITH_ENGINE = $(if $(ES_URL),,tests/engine/engine run opensearch --)

.PHONY: FORCE complete all help check check-now test test-now golden-update bench pipeline pipeline-now e2e e2e-now fault fault-now soak test-cluster test-kibana dashboards fuzz fuzz-corpus fuzz-clang fuzz-run fuzz-keep demo demo-stop clean format lint lint-now analyze analyze-now coverage valgrind valgrind-now alloc alloc-now deps deps-test install-deps asan tsan ci-full portability install uninstall dist
.SECONDARY:
export ES_URL ES_USER ES_PASSWORD ES_API_KEY ES_CA_FILE KIBANA_URL

all: $(BUILD)/efd $(BUILD)/efctl $(BUILD)/efctl-inventory ## Build the three programs

# A target that needs packages installs what is missing, then a make of its own sees it.
setup = $(if $(filter 0,$(SETUP)),,$(Q)tests/apt.sh $(foreach p,$(1),'$(p)'))
again = +$(Q)$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j2)

# Where a build lacks something: one line, not a compiler's page.
complete:
	@missing=$$(for p in $(foreach c,CC HOSTCC AR PKG_CONFIG,'$(or $(firstword $($(c))),$(c))'); do command -v "$$p" >/dev/null || echo "$$p"; done | sort -u; \
	  for l in $(LIBS); do $(PKG_CONFIG) --exists $$l 2>/dev/null || echo $$l; done; \
	  echo '#include <uthash.h>' | $(CC) $(CPPFLAGS) -E - >/dev/null 2>&1 || echo uthash.h); \
	test -z "$$missing" || { echo not found: $$missing - \`make deps\` prints what installs it >&2; exit 1; }

help: ## Show this list
	@awk -F':.*## ' '/^[a-z][a-z0-9 -]*:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
$(BUILD)/efctl-inventory: $(BUILD)/importer/inventory/main.o $(ARCHIVES)
$(BUILD)/efd $(BUILD)/efctl $(BUILD)/efctl-inventory: $(BUILD)/flags-ld
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter-out %/flags-ld,$^) $(LDLIBS)

# What runs while building is built by HOSTCC, in a folder of its own, with no library and none of the flags for CC.
HOST = $(BUILD)/host
$(HOST)/%.o: %.c | complete
	$(call say,HOSTCC,$<)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=c17 -D_GNU_SOURCE -I. $(WARN) -funsigned-char -O1 -MMD -MP -c -o $@ $<

# Constant rows from the tables in forwarder/fields.
GEN = $(patsubst %.c,$(HOST)/%.o,$(sort $(wildcard forwarder/fields/*.c)) forwarder/decode/template/field_type.c common/csv.c common/buf.c common/err.c common/regular.c)
$(HOST)/gen: $(GEN)
	$(Q)$(HOSTCC) -o $@ $^
$(BUILD)/gen/fields.c $(BUILD)/gen/sflow.c: $(BUILD)/gen/%.c: $(HOST)/gen $(wildcard forwarder/fields/*.csv forwarder/fields/vendor/*.csv)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST)/gen forwarder/fields $* > $@.new && mv $@.new $@
$(BUILD)/gen/element_ids.h: $(HOST)/gen forwarder/fields/iana.csv
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(HOST)/gen forwarder/fields ids > $@.new && mv $@.new $@
# Numbers that have names, of the dictionaries, for efctl's filter: two columns of each, the second in small letters for protocols.
NUMBERS = $(addprefix ingest-pipelines/dictionaries/,protocols.csv dscp.csv nat-events.csv forwarding-status.csv)
$(BUILD)/gen/number_names.h: $(NUMBERS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)awk -F, 'FNR == 1 { n = FILENAME; sub(".*/", "", n); sub("[.]csv", "", n); gsub("-", "_", n); printf "%s#define NUMBERS_%s", FNR == NR ? "" : "\n", n } \
	  FNR > 2 && !/^#/ { printf " { %d, \"%s\" },", $$1, n == "protocols" ? tolower($$2) : n == "forwarding_status" ? $$2 "," $$3 : $$2 } \
	  END { print "" }' $^ > $@.new && mv $@.new $@
# Fields of a document and their types, of the mapping, for the same. A type begins with the line that its name does.
$(BUILD)/gen/flow_fields.h: es-templates/component-templates/flow@mappings.json
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)awk -F'"' 'NR == 1 { printf "#define FLOW_FIELDS" } $$2 == "properties" && /{$$/ { name[++depth] = ""; next } \
	  /^ *"[^"]*": {$$/ { name[++depth] = named ? $$2 : ""; named = named || $$2 == "mappings"; next } \
	  /^ *"[^"]*": {"type": / { path = ""; for (i = 1; i <= depth; i++) if (name[i] != "") path = path name[i] "."; printf " { \"%s%s\", \"%s\" },", path, $$2, $$6; next } \
	  /^ *},?$$/ { depth-- } END { print "" }' $< > $@.new && mv $@.new $@
# Templates, pipelines, dictionaries and dashboards, inside efctl.
ASSETS = $(shell find es-templates ingest-pipelines kibana -name '[a-z]*.json' -o -name '*.yml' -o -name '*.csv' \
           -o -name '*.painless' 2>/dev/null | LC_ALL=C sort)
$(BUILD)/gen/assets.c: importer/assets/embed.sh $(ASSETS)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)printf '%s\n' $(ASSETS) | importer/assets/embed.sh > $@.new && mv $@.new $@
# What was built with other flags is built again; a new version alone is a reason for what efctl compares with others' versions.
$(BUILD)/flags-cc: FORCE | complete
	@$(call keep,$(CC) $(filter-out -DEF_VERSION=% '-DEF_COMMIT=%,$(subst $(BEHIND),,$(ALL_CFLAGS))))
$(BUILD)/importer/core/version.o $(BUILD)/importer/main.o $(BUILD)/forwarder/main.o: $(BUILD)/version
$(BUILD)/version: FORCE
	@$(call keep,'$(VERSION)$(BEHIND)')
$(BUILD)/flags-ld: FORCE | complete
	@$(call keep,$(CC) $(ALL_LDFLAGS) $(LDLIBS))
keep = mkdir -p $(@D); printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) > $@
FORCE:

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags-cc
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/%.o: %.c $(BUILD)/flags-cc | $(BUILD)/gen/element_ids.h $(BUILD)/gen/number_names.h $(BUILD)/gen/flow_fields.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/libeftest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# A wall clock that can be set, for efd as it is.
$(BUILD)/tests/fault/clock.so: tests/fault/clock.c $(BUILD)/flags-cc
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE $(WARN) -O1 -fPIC -shared -o $@ $<

# Programs in which each allocation can be made to fail.
$(BUILD)/tests/alloc/efctl: $(BUILD)/importer/main.o
$(BUILD)/tests/alloc/test_spool: $(BUILD)/tests/alloc/spool.o
$(BUILD)/tests/alloc/efctl $(BUILD)/tests/alloc/test_spool: $(BUILD)/tests/alloc/fail.o $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=getgrnam,--wrap=getpwuid -o $@ $(filter %.o,$^) $(ARCHIVES) $(LDLIBS)

# Fuzz targets: with libFuzzer where FUZZER is set, else programs that run each file they are given.
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(BUILD)/tests/fuzz/main.o) \
                            $(BUILD)/libeftest.a $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(FUZZER),-fsanitize=fuzzer) -o $@ $^ $(LDLIBS)

check: ## Unit and golden tests: under 30 s, and no network once their packages are there
	$(call setup,$(DEPS) $(CHECKDEPS))
	$(again) check-now
check-now: all $(UNIT_TESTS) $(TEST_TOOLS)
	$(Q)tests/run.py $(CHECKS)

test: ## All tests; installs what they need, fetches and starts search engines
	$(call setup,$(DEPS) $(TESTDEPS))
	$(again) test-now
# One node for all of them, with fifty installations one after another: 1 GiB was full once.
test-now: export ENGINE_HEAP := $(or $(ENGINE_HEAP),1500m)
test-now: all $(UNIT_TESTS) $(TEST_TOOLS) $(BUILD)/tools/promtool $(BUILD)/tools/validators
	$(Q)$(WITH_ENGINE) tests/run.py -t 1800 $(CLUSTER) --beside $(CHECKS) $(FAULT)

golden-update: $(TEST_TOOLS) ## Write what the decoder makes of the golden inputs; read the diff
	$(Q)tests/golden/test_golden.py --update

pipeline e2e: ## The tests of that name alone, with an engine of their own
	$(call setup,$(DEPS) $(TESTDEPS))
	$(again) $@-now
pipeline-now e2e-now: all
	$(Q)$(WITH_ENGINE) tests/run.py $(call scripts,$(@:-now=))

$(BUILD)/tools/promtool:
	$(Q)tests/promtool.sh $@
# judges of files for other people's programs
$(BUILD)/tools/validators:
	$(Q)tests/validators.sh $@
fault: ## Against a scripted server that fails in every way
	$(call setup,$(DEPS) $(CHECKDEPS))
	$(again) fault-now
fault-now: all $(BUILD)/tests/fault/clock.so $(BUILD)/tools/promtool
	$(Q)tests/run.py $(FAULT)

.PHONY: boot-test
boot-test: ## README's "Use it" on Debian systems booted for it, as root; RELEASES='bookworm trixie'
	$(call setup,$(DEMODEPS) git mmdebstrap systemd-container)
	$(Q)RELEASES='$(RELEASES)' $(WITH_ENGINE) tests/run.py -t 3600 tests/boot/test_boot.py

.PHONY: deb test-deb
deb: ## Debian packages of what is committed, for the Debian that this is, as lintian likes them: build/deb
	$(call setup,$(DEPS) $(DEBDEPS))
	$(Q)packaging/deb.sh $(BUILD)/deb
test-deb: ## Their life on Debian systems booted for it, as root; RELEASES='bookworm trixie'
	$(call setup,git mmdebstrap systemd-container)
	$(Q)RELEASES='$(RELEASES)' tests/run.py -t 3600 tests/boot/test_package.py

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
bench: all $(BUILD)/tests/bench/gen $(BUILD)/tests/bench/decode $(BUILD)/tests/bench/compress $(BUILD)/tests/property/test_work ## How fast it is, as ratios
	$(Q)tests/bench/decode.py && tests/bench/ship.py
	$(Q)$(BUILD)/tests/property/test_work
	$(Q)$(WITH_ENGINE) tests/bench/compress.py
	$(Q)$(WITH_ENGINE) tests/bench/dictionaries.py
	$(Q)$(WITH_ENGINE) tests/bench/pipelines.py
	$(Q)$(WITH_ENGINE) tests/bench/document.py
	$(Q)$(WITH_ENGINE) tests/bench/disk.py

.PHONY: bench-against
bench-against: ## Are decoding and shipping as fast as at COMMIT=… ? By instructions, so that a busy machine does not matter
	$(call setup,$(DEPS) valgrind)
	$(Q)tests/bench/against.py $(COMMIT)

test-kibana: all ## Setup, searches, alerting, dashboards in a browser, all in your Kibana: KIBANA_URL=, ES_URL=, ES_USER=, ES_PASSWORD=
	$(Q)test -n "$(KIBANA_URL)" -a -n "$(ES_URL)" || { echo 'say which: make test-kibana KIBANA_URL=http://host:5601 ES_URL=https://host:9200'; exit 2; }
	$(Q)tests/run.py -t 1800 $(call scripts,kibana)

dashboards: ## Compile kibana/src (Jsonnet) into kibana/<type>/<id>.json
	$(Q)kibana/src/pretty.py kibana/src kibana

fuzz: ## Fuzz each target for T seconds (60), JOBS (2) at a time, with the newest clang's libFuzzer; findings: build-fuzz/found
	$(call setup,$(DEPS) $(FUZZDEPS))
	$(again) fuzz-clang DO=fuzz-run
fuzz-corpus: ## After `make fuzz`: what it found, as few inputs as there can be, to tests/fuzz/corpus, and the edges that they reach
	$(call setup,$(DEPS) $(FUZZDEPS))
	$(again) fuzz-clang DO=fuzz-keep
fuzz-clang:	# the clang may be new here, and its runtime another package
	$(call setup,$(FUZZDEPS))
	$(again) $(DO) BUILD=build-fuzz CC=$(CLANG) FUZZER=1 SANITIZE=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'
$(BUILD)/tests/fuzz/compiler: $(BUILD)/flags-cc
	$(Q)mkdir -p $(@D) && $(CC) --version | sed -n '1s/.*clang version \([0-9]*\).*/clang-\1/p' > $@
fuzz-run fuzz-keep: $(BUILD)/tests/fuzz/compiler $(BUILD)/tests/fuzz/seeds $(FUZZ:%=$(BUILD)/tests/fuzz/%)
fuzz-run:
	$(Q)JOBS=$(JOBS) tests/fuzz/run.sh $(BUILD) $(or $(T),60) $(or $(ONLY),$(FUZZ))
fuzz-keep:
	$(Q)tests/fuzz/keep.sh $(BUILD) $(or $(ONLY),$(FUZZ))

demo: ## From nothing to a table of top talkers: installs, builds, starts an engine, replays captures
	$(call setup,$(DEPS) $(DEMODEPS))
	$(again) all
	$(Q)BUILD=$(BUILD) tests/demo/demo.sh start
demo-stop: ## End the engine of the demo and remove its data
	$(Q)tests/demo/demo.sh stop

asan: ## make check under AddressSanitizer and UndefinedBehaviorSanitizer
	$(Q)$(MAKE) check BUILD=build-asan SANITIZE=address,undefined CFLAGS='-O1 -g'
tsan: ## make check under ThreadSanitizer
	$(Q)$(MAKE) check BUILD=build-tsan SANITIZE=thread CFLAGS='-O1 -g'

.PHONY: mutants
mutants: ## Each fault in tests/mutants, made in a copy, must turn the test red that its patch names; ONLY='a.patch …'
	$(call setup,$(DEPS) $(CHECKDEPS))
	$(Q)$(if $(ONLY),tests/mutants/test_mutants.py $(ONLY:%=tests/mutants/%),tests/run.py -t 3600 tests/mutants/test_mutants.py)

valgrind: ## Golden cases and captures under valgrind: what is read before it is written is an error
	$(call setup,$(DEPS) $(CHECKDEPS) valgrind)
	$(again) valgrind-now
VALGRIND = valgrind -q --error-exitcode=99
valgrind-now: all $(TEST_TOOLS)
	$(Q)TESTS_UNDER='$(VALGRIND)' tests/run.py $(call scripts,golden captures oracle)

alloc: ## No memory, at every place where setup, its plan and the spool ask for some (EVERY=n: each n-th place)
	$(call setup,$(DEPS) $(CHECKDEPS))
	$(again) alloc-now
alloc-now: $(BUILD)/tests/alloc/test_spool $(BUILD)/tests/alloc/efctl
	$(Q)EVERY=$(EVERY) tests/run.py -t 3600 $(BUILD)/tests/alloc/test_spool tests/alloc/test_efctl.py

ci-full: ## The project's own check from nothing (.ci/run), with the long proofs
	$(Q)CI_FULL=1 .ci/run

portability: ## Other machines (arm64, s390x), musl, signed char, equal builds; long: ONLY= names some (docs/portability.md)
	$(call setup,$(DEPS))
	$(Q)VERSION='$(VERSION)' tests/portability/run.sh $(or $(ONLY),arm64 s390x musl signed-char reproducible)

deps: ## Print the command that installs what a build needs
	@echo apt-get install -y --no-install-recommends $(DEPS)
deps-test: ## The same for the tests
	@echo apt-get install -y --no-install-recommends $$(tests/apt.sh --choose $(foreach p,$(DEPS) $(TESTDEPS),'$(p)'))
install-deps: ## Install both (Debian, as root or with sudo)
	$(call setup,$(DEPS) $(TESTDEPS))

# The manual is printed by the program: when cross building by one for this machine, which needs the libraries of this machine, too.
NATIVE = $(if $(CROSS),$(BUILD)/native,$(BUILD))
ifdef CROSS
.PHONY: $(NATIVE)/efd $(NATIVE)/efctl
$(NATIVE)/efd $(NATIVE)/efctl:
	$(Q)$(MAKE) CC=$(HOSTCC) AR=ar PKG_CONFIG=pkg-config CPPFLAGS= CFLAGS=-O1 LDFLAGS= BUILD=$(NATIVE) $@
endif
$(BUILD)/efd.8: $(NATIVE)/efd
	$(Q)$< --print-man > $@.new && mv $@.new $@
$(BUILD)/efctl.1: $(NATIVE)/efctl
	$(Q)$< help man > $@.new && mv $@.new $@
$(BUILD)/efctl.completion: $(NATIVE)/efctl
	$(Q)$< completion > $@.new && mv $@.new $@

# SBIN: where efd goes below PREFIX; Debian's package says sbin.
SBIN  ?= bin
PUT    = install -D -m 644
UNITS  = efd.service efd.socket efd-feeds.service efd-feeds.timer efd-inventory.service efd-inventory.timer
USERS  = efd efd-feeds efd-inventory
DOCS   = LICENSE NOTICE CHANGELOG.md
INSTALLED = $(SBIN)/efd bin/efctl libexec/efd/efctl-inventory share/man/man8/efd.8 share/man/man1/efctl.1 share/bash-completion/completions/efctl \
            $(UNITS:%=lib/systemd/system/%) $(USERS:%=lib/sysusers.d/%.conf) lib/sysctl.d/50-efd.conf $(DOCS:%=share/doc/efd/%)
install: all $(BUILD)/efd.8 $(BUILD)/efctl.1 $(BUILD)/efctl.completion ## Install below PREFIX and /etc, with the user efd; in DESTDIR nothing but files
	@case '$(PREFIX)' in /*|'') ;; *) echo "PREFIX: systemd wants a path from / on, and '$(PREFIX)' is none" >&2; exit 1;; esac
	$(Q)install -D -m 755 -t '$(DESTDIR)$(PREFIX)/$(SBIN)' $(BUILD)/efd
	$(Q)install -D -m 755 -t '$(DESTDIR)$(PREFIX)/bin' $(BUILD)/efctl
	$(Q)install -D -m 755 -t '$(DESTDIR)$(PREFIX)/libexec/efd' $(BUILD)/efctl-inventory
	$(Q)$(PUT) -t '$(DESTDIR)$(PREFIX)/share/man/man8' $(BUILD)/efd.8
	$(Q)$(PUT) -t '$(DESTDIR)$(PREFIX)/share/man/man1' $(BUILD)/efctl.1
	$(Q)$(PUT) $(BUILD)/efctl.completion '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/efctl'
	$(Q)p=$$(printf %s '$(PREFIX)' | sed 's/%/%%/g; s/[\\&|]/\\&/g'); \
	  for u in $(UNITS); do sed "s|@PREFIX@/bin/efd\"|$$p/$(SBIN)/efd\"|; s|@PREFIX@|$$p|" packaging/systemd/$$u | \
	  $(PUT) /dev/stdin '$(DESTDIR)$(PREFIX)'/lib/systemd/system/$$u || exit 1; done
	$(Q)for u in $(USERS); do $(PUT) packaging/systemd/$$u.sysusers '$(DESTDIR)$(PREFIX)'/lib/sysusers.d/$$u.conf || exit 1; done
	$(Q)$(PUT) packaging/systemd/efd.sysctl '$(DESTDIR)$(PREFIX)/lib/sysctl.d/50-efd.conf'
	$(Q)$(PUT) -t '$(DESTDIR)$(PREFIX)/share/doc/efd' $(DOCS)
	$(Q)install -d -m 755 '$(DESTDIR)/etc/efd/conf.d'
	$(Q)test -e '$(DESTDIR)/etc/efd/efd.yml' || $(PUT) packaging/efd.yml '$(DESTDIR)/etc/efd/efd.yml'
	$(Q)$(if $(DESTDIR),,packaging/after-install.sh '$(PREFIX)')

uninstall: ## Take away what install put there; settings that were changed, keys, the spool and the users stay
	$(Q)$(if $(DESTDIR),,packaging/before-uninstall.sh)
	$(Q)for f in $(INSTALLED); do rm -f '$(DESTDIR)$(PREFIX)'/"$$f"; done
	$(Q)! cmp -s packaging/efd.yml '$(DESTDIR)/etc/efd/efd.yml' || rm '$(DESTDIR)/etc/efd/efd.yml'
	$(Q)rmdir --ignore-fail-on-non-empty -p '$(DESTDIR)$(PREFIX)/share/doc/efd' '$(DESTDIR)/etc/efd/conf.d' 2>/dev/null || true
	$(Q)$(if $(DESTDIR),,! test -d /run/systemd/system || systemctl daemon-reload)

dist: ## The tarball of a release, the same octets for the same commit: build/efd-VERSION.tar.gz
	$(Q)packaging/dist.sh '$(VERSION)' $(BUILD)

.PHONY: docs links
SITE = $(BUILD)/site
PAGES = $(shell $(GIT) ls-files '*.md')
docs: ## The pages as HTML, for any web server or none: build/site
	$(call setup,pandoc git python3)
	$(again) $(PAGES:%.md=$(SITE)/%.html) $(addprefix $(SITE)/,$(shell $(GIT) ls-files docs/screenshots))
	$(Q)packaging/site-links.py $(SITE)
$(SITE)/%.html: %.md packaging/site.lua packaging/site.html
	$(Q)mkdir -p $(@D) && pandoc -f gfm -t html5 --standalone -H packaging/site.html -L packaging/site.lua -o $@ $<
$(SITE)/%.png: %.png
	$(Q)mkdir -p $(@D) && cp $< $@

links: ## Asks every page of others that ours link to, over the network
	$(Q)tests/lint/external.py

elf-proof: ## Build once without each protection, and see that the test of the ELF files notices
	$(Q)tests/package/elf_proof.sh
lint: ## What a program can check of STYLE.md
	$(call setup,$(LINTDEPS) $(DEPS))
	$(again) lint-now
lint-now: all $(BUILD)/tools/validators
	$(Q)tests/run.py $(call scripts,lint) tests/package/test_deploy.py
analyze: ## What programs find that read programs: clang's analyser, cppcheck, shellcheck, flake8
	$(call setup,$(DEPS) $(ANALYZEDEPS))
	$(again) analyze-now
analyze-now: $(BUILD)/gen/element_ids.h $(BUILD)/gen/number_names.h $(BUILD)/gen/flow_fields.h
	$(Q)tests/run.py -t 1800 tests/analyze/test_analyze.py
coverage: ## Lines and branches that the tests without an engine run, against tests/coverage.floor
	$(call setup,gcovr iproute2)
	@find build-coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) check BUILD=build-coverage CFLAGS='-O0 -g --coverage -Wno-frame-larger-than' LDFLAGS=--coverage
	$(Q)SANITIZE=coverage BUILD=build-coverage tests/run.py tests/fault/test_faults.py tests/fault/test_proof.py tests/fault/test_service.py tests/fault/test_streams.py tests/fault/test_tcp.py
	$(Q)tests/coverage.py build-coverage
format: ## Apply .clang-format, as clang-format 14 understands it (Debian 12)
	$(Q)git ls-files '*.c' '*.h' | xargs $(or $(shell command -v clang-format-14),clang-format) -i
clean: ## Remove what builds made
	$(Q)rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
