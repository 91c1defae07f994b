# lossbench. `make list` prints the targets; V=1 shows the commands.
VERSION = 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
# At a fixed address, the tables of descriptors need no relocation at every start; PIE=1 builds a program that can be loaded anywhere.
STD = -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off -ffunction-sections $(if $(PIE),-fpie,-fno-pie) $(if $(ISAL),-DLB_ISAL) $(if $(BZIP2),-DLB_BZIP2) $(if $(XZ),-DLB_XZ) $(if $(ZSTD),-DLB_ZSTD)
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion -Wconversion -Wvla -Wundef
# ISA-L inflates twice as fast as zlib; where it is not to be had (or with ISAL=) zlib does it.
ifeq ($(origin ISAL),undefined)
ISAL := $(shell pkg-config --exists libisal 2>/dev/null && echo libisal)
endif
# What unpacks bzip2, xz and zstd files; without one of them (BZIP2=, XZ= or ZSTD=) such files are refused by name.
ifeq ($(origin BZIP2),undefined)
BZIP2 := $(shell echo '\#include <bzlib.h>' | $(CC) -E -x c - >/dev/null 2>&1 && echo -lbz2)
endif
ifeq ($(origin XZ),undefined)
XZ := $(shell pkg-config --exists liblzma 2>/dev/null && echo liblzma)
endif
ifeq ($(origin ZSTD),undefined)
ZSTD := $(shell pkg-config --exists libzstd 2>/dev/null && echo libzstd)
endif
PKGS = openblas yaml-0.1 libcjson zlib nettle $(ISAL) $(XZ) $(ZSTD)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lopenblas -lyaml -lcjson -lz -lnettle) $(BZIP2) -llbfgs -lm $(if $(PIE),-pie,-no-pie)
CHECK_LIBS := $(shell pkg-config --libs check 2>/dev/null || echo -lcheck)
NM := $(shell $(CC) -print-prog-name=nm)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
Q = $(if $(V),,@)
# The distribution's interpreter has numpy and scipy from its packages; the first python3 on PATH may not.
STUDY_PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)

# What works on the numbers of a model is compiled twice, for float32 and float64: core/engine/ and the folders of losses/. All else once.
TWICE := $(sort $(filter-out core/engine/kernels/kernels.c,$(wildcard core/engine/*/*.c core/engine/*/*/*.c losses/*/*.c)))
# core/engine/kernels/kernels.c: once a precision and instruction set.
TARGET := $(shell $(CC) -dumpmachine)
KERNEL_SETS := generic $(if $(filter x86_64-%,$(TARGET)),avx2 avx512)
KERNEL_FLAGS = -O3 -ffp-contract=fast -Wno-psabi
# gcc 12 for aarch64 ends with an internal error on vectors of sums in order.
TWICE_FLAGS = -O3 -fno-math-errno -fno-trapping-math $(if $(filter aarch64-%,$(TARGET)),-fno-tree-loop-vectorize)
# What `lossbench losses build` compiles a plug-in with.
PLUGIN_FLAGS = -std=c11 -D_GNU_SOURCE -ffp-contract=off -fPIC -Wall -Wextra $(TWICE_FLAGS) $(PKG_CFLAGS)
KERNEL_FLAGS_avx2 = -mavx2 -mfma
KERNEL_FLAGS_avx512 = -mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512
WITHOUT := $(if $(ISAL),,datasets/io/inflate_isal.c) $(if $(BZIP2),,datasets/io/unpack_bzip2.c) $(if $(XZ),,datasets/io/unpack_xz.c) \
	$(if $(ZSTD),,datasets/io/unpack_zstd.c)
ONCE := $(sort $(filter-out $(WITHOUT),$(wildcard core/*/*.c losses/*.c datasets/*/*.c)))
CMD := $(sort $(wildcard cmd/*.c))
LIB := $(BUILD)/liblossbench.a
KERNELS_32 := $(KERNEL_SETS:%=$(BUILD)/f32/core/engine/kernels/kernels.%.o)
KERNELS_64 := $(KERNEL_SETS:%=$(BUILD)/f64/core/engine/kernels/kernels.%.o)
LIB_OBJ := $(ONCE:%.c=$(BUILD)/%.o) $(TWICE:%.c=$(BUILD)/f32/%.o) $(TWICE:%.c=$(BUILD)/f64/%.o) $(KERNELS_32) $(KERNELS_64)
CMD_OBJ := $(CMD:%.c=$(BUILD)/%.o)
# What a plug-in can call: the functions of these folders, whose headers are installed.
PLUGIN_OBJ := $(filter $(foreach folder,core/base core/numeric losses,$(BUILD)/$(folder)/%) \
	$(foreach folder,f32/core/engine/kernels f64/core/engine/kernels f32/losses/support f64/losses/support,$(BUILD)/$(folder)/%),$(LIB_OBJ))
PLUGIN_HEADERS := $(wildcard core/base/*.h core/numeric/*.h core/engine/*.h core/engine/kernels/*.h losses/*.h losses/support/*.h)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(shell find tests/unit -name "test_*.c")))
# Fuzz targets; built here with what goes once through a corpus, by make fuzz with libFuzzer.
FUZZ := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(sort $(wildcard tests/fuzz/*.c))))
BENCH_TOOLS := $(BUILD)/bench/gemm $(BUILD)/bench/peak
TOOLS := $(FUZZ:%=$(BUILD)/fuzz/%) $(BUILD)/fault/inject.so
COMPILE = $(CC) $(STD) $(WARN) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c

.PHONY: all
all: lossbench                       ## build ./lossbench

lossbench: $(BUILD)/lossbench
	$(Q)cp $< $@

# The functions that choose an instruction set all run at the start: side by side, they take 4 pages of memory in the place of 300.
$(BUILD)/lossbench: $(CMD_OBJ) $(BUILD)/version.o $(LIB)
	$(Q)echo 'SECTIONS { .text.resolvers : { *(.text.*.resolver) } } INSERT BEFORE .text;' >$(BUILD)/resolvers.ld
	$(Q){ echo '{'; $(NM) -g --defined-only $(PLUGIN_OBJ) | sed -n 's/^[0-9a-f]* [A-Zi] \(lb_[a-z0-9_]*\)$$/\1;/p' | sort -u; echo '};'; } >$(BUILD)/exported.ld
	$(Q)$(CC) $(CFLAGS) -Wl,--as-needed -Wl,--gc-sections -Wl,-T,$(BUILD)/resolvers.ld -Wl,--dynamic-list=$(BUILD)/exported.ld $(LDFLAGS) -o $@ $(CMD_OBJ) $(BUILD)/version.o $(LIB) $(LIBS)

$(LIB): $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

# With other flags or libraries everything is built again.
$(LIB_OBJ) $(CMD_OBJ) $(LIB): $(BUILD)/flags
.PHONY: always
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo '$(COMPILE) $(KERNEL_SETS) $(KERNEL_FLAGS) $(TWICE_FLAGS) $(LIBS)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(KERNELS_32): $(BUILD)/f32/core/engine/kernels/kernels.%.o: core/engine/kernels/kernels.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DLB_REAL=32 -DLB_SET=$* $(KERNEL_FLAGS) $(KERNEL_FLAGS_$*) -o $@ $<

$(KERNELS_64): $(BUILD)/f64/core/engine/kernels/kernels.%.o: core/engine/kernels/kernels.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DLB_REAL=64 -DLB_SET=$* $(KERNEL_FLAGS) $(KERNEL_FLAGS_$*) -o $@ $<

$(BUILD)/f32/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(TWICE_FLAGS) -DLB_REAL=32 -o $@ $<

$(BUILD)/f64/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(TWICE_FLAGS) -DLB_REAL=64 -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -o $@ $<

# What a record says of the build; rewritten only when it changes.
$(BUILD)/version.c: always
	@mkdir -p $(@D)
	@{ echo '#include "core/run/provenance.h"'; \
	   echo 'const char lb_version[] = "$(VERSION)";'; \
	   echo "const char lb_git_revision[] = \"$$(git rev-parse --verify -q HEAD 2>/dev/null)\";"; \
	   echo "const int lb_git_clean = $$(git rev-parse --verify -q HEAD >/dev/null 2>&1 && { git diff --quiet HEAD -- && echo 1 || echo 0; } || echo -1);"; \
	   echo "const char lb_compiler[] = \"$$($(CC) --version 2>/dev/null | head -n 1)\";"; \
	   echo 'const char lb_build_flags[] = "$(STD) $(CFLAGS)";'; \
	   echo 'const char lb_plugin_flags[] = "$(PLUGIN_FLAGS)";'; \
	   echo 'const char lb_source_folder[] = "$(CURDIR)";'; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/version.o: $(BUILD)/version.c
	$(Q)$(COMPILE) -o $@ $<

# Unit tests include numeric headers in double precision.
# Linking takes longer than compiling a test, most of it to copy what debuggers read of the library: left out of the plain build.
ifeq ($(CFLAGS),-O2 -g)
LINK_TEST := -Wl,--strip-debug $(if $(shell command -v ld.gold),-fuse-ld=gold)
endif

$(BUILD)/unit/%: tests/unit/%.c $(LIB) $(BUILD)/version.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) -Wall -Wextra $(CFLAGS) $(PKG_CFLAGS) -DLB_REAL=64 -MMD -MP $(LINK_TEST) -o $@ $< $(BUILD)/version.o $(LIB) $(CHECK_LIBS) $(LIBS)

# This target calls commands; main, which it has not, is another name here.
$(BUILD)/fuzz/commands $(BUILD)/libfuzzer/commands: FUZZ_CMD = $(filter-out %/main.o,$(CMD_OBJ)) $(BUILD)/tests/fuzz/main.o
$(BUILD)/fuzz/commands $(BUILD)/libfuzzer/commands: $(CMD_OBJ) $(BUILD)/tests/fuzz/main.o
$(BUILD)/tests/fuzz/main.o: cmd/main.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Dmain=lossbench_main -Wno-missing-prototypes -o $@ $<

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/tests/fuzz/replay.o $(LIB) $(BUILD)/version.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/tests/fuzz/replay.o $(FUZZ_CMD) $(BUILD)/version.o $(LIB) $(LIBS)

$(BUILD)/libfuzzer/%: tests/fuzz/%.c $(LIB) $(BUILD)/version.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) -fsanitize=fuzzer $(PKG_CFLAGS) -MMD -MP -o $@ $< $(FUZZ_CMD) $(BUILD)/version.o $(LIB) $(LIBS)

# Preloaded by tests/cli/faults.sh, never linked in.
$(BUILD)/fault/%.so: tests/fault/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -g -fPIC -shared -o $@ $< -ldl

$(BUILD)/bench/%: tests/bench/%.c $(LIB) $(BUILD)/version.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) -Wall -Wextra $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -o $@ $< $(BUILD)/version.o $(LIB) $(LIBS)

.PHONY: quickstart
quickstart:                          ## install what is missing, build, compare ten losses, print the table
	@scripts/setup.sh build
	@$(MAKE) --no-print-directory -j$(JOBS) lossbench
	./lossbench sweep --config configs/quickstart.yaml --jobs $(JOBS)
	@./lossbench report results/quickstart --format md --out results/quickstart/report.md
	@./lossbench report results/quickstart --format csv --out results/quickstart/report.csv
	@echo "The whole report, all metrics: results/quickstart/report.md (and .csv); every trial: results/quickstart/trials/"
	@./lossbench report results/quickstart --format html --out results/quickstart/report.html 2>/dev/null && \
		echo "With tests and plots, for a browser: results/quickstart/report.html" || \
		echo "The page with tests and plots needs more packages: scripts/setup.sh study, then lossbench report results/quickstart --format html"

.PHONY: reference-quickstart
reference-quickstart: lossbench      ## remake the published page of the quickstart, results/reference/quickstart/
	@scripts/setup.sh study
	./lossbench sweep --config configs/quickstart.yaml --jobs $(JOBS) --quiet
	./lossbench sweep --config configs/quickstart.yaml --jobs $(JOBS) --quiet --set train.seed=1 --set output.predictions=true
	@mkdir -p results/reference/quickstart
	./lossbench report results/quickstart --format html --out results/reference/quickstart/index.html --files results/quickstart/files
	./lossbench plot results/quickstart --figure differences --where corrupt.labels.rate=0.3 --out results/reference/quickstart/differences.svg
	@{ printf '# The quickstart, as it came out\n\nRemade by `make reference-quickstart`; do not edit. With tests, plots and provenance: '; \
	   printf '[index.html](index.html).\n\n'; \
	   ./lossbench report results/quickstart --format md --metric test.accuracy --group-by loss --across corrupt.labels.rate model; \
	   printf '\n'; ./lossbench report results/quickstart --format md --table best; } > results/reference/quickstart/README.md

.PHONY: check
check:                               ## build and run all tests
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) all unit
	@BUILD=$(BUILD) JOBS=$(JOBS) tests/run.sh

.PHONY: unit
unit: $(UNIT) $(TOOLS)

.PHONY: check-full
check-full:                          ## make check with the long tests too: every failure, 200 kills, sweeps under Slurm (an hour)
	@scripts/setup.sh full
	@LB_FULL=1 TIMEOUT=5400 $(MAKE) --no-print-directory check

.PHONY: check-arm
check-arm:                           ## the unit tests on aarch64, in qemu, and the bytes of its trainings beside this processor's
	@tests/cross.sh aarch64

SECONDS ?= 60
FUZZ_FLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
.PHONY: fuzz
fuzz:                                ## search for inputs that break a reader, the config or the records (SECONDS=60 a target)
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-fuzz CC=clang CFLAGS="$(FUZZ_FLAGS)" $(FUZZ:%=build-fuzz/libfuzzer/%)
	@tests/fuzz/run.sh build-fuzz $(SECONDS) $(TARGETS)

ASAN_FLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
.PHONY: asan
asan:                                ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer, the smoke run under valgrind
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-asan CFLAGS="$(ASAN_FLAGS)" build-asan/lossbench unit
	@$(MAKE) --no-print-directory -j$(JOBS) lossbench # which the scripts call
	@tests/valgrind.sh $(BUILD)/lossbench
	@BUILD=build-asan JOBS=$(JOBS) CK_DEFAULT_TIMEOUT=600 TIMEOUT=5400 tests/run.sh

.PHONY: leaks
leaks:                               ## failures injected under valgrind: nothing leaks, nothing unwritten is read (minutes)
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) $(BUILD)/lossbench $(BUILD)/fault/inject.so
	@tests/fault/leaks.sh $(BUILD)

TSAN_FLAGS = -O1 -g -fsanitize=thread
.PHONY: tsan
tsan:                                ## the threads under ThreadSanitizer: the team, reading ahead, a training on two threads
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-tsan PIE=1 CC=clang CFLAGS="$(TSAN_FLAGS)" LDFLAGS=-Wl,-z,muldefs \
		build-tsan/lossbench build-tsan/unit/core/numeric/test_thread_team build-tsan/unit/datasets/io/test_stream
	@tests/tsan.sh build-tsan

# Lines of core/, losses/ and datasets/ that the tests run.
# Atomic: threads that count at once leave negative counts, which gcovr refuses.
COVERAGE_FLAGS = -O1 -g --coverage -fprofile-update=atomic
.PHONY: coverage
coverage:                            ## line coverage by the tests, at least 90 % (a quarter of an hour)
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-coverage CFLAGS="$(COVERAGE_FLAGS)" build-coverage/tests/coverage.o
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-coverage CFLAGS="$(COVERAGE_FLAGS)" build-coverage/lossbench unit \
		LDFLAGS="build-coverage/tests/coverage.o -Wl,--wrap=_exit,--wrap=execv"
	@BUILD=build-coverage JOBS=$(JOBS) TIMEOUT=600 tests/run.sh
	@gcovr --root . --object-directory build-coverage --filter 'core/' --filter 'losses/' --filter 'datasets/' --fail-under-line 90 --print-summary

# What each analyzer is told to leave out, and why, stands in tests/analyze.sh.
.PHONY: analyze
analyze:                             ## gcc -fanalyzer and clang-tidy over core/, datasets/ and cmd/
	@scripts/setup.sh check
	@tests/analyze.sh

.PHONY: lint
lint:                                ## both compilers with -Werror, cppcheck, shellcheck, the layer rules
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-gcc CC=gcc CFLAGS="-O2 -Werror" build-gcc/lossbench
	@$(MAKE) --no-print-directory -j$(JOBS) BUILD=build-clang CC=clang CFLAGS="-O2 -Werror" build-clang/lossbench
	@tests/lint.sh

.PHONY: same-as
same-as: lossbench                   ## train a list of configs with revision REV too and compare every result byte by byte
	@JOBS=$(JOBS) tests/same_as.sh $(or $(REV),b32a008)

.PHONY: bench bench-revisions bench-peers bench-growth
bench: lossbench $(BENCH_TOOLS) ## time the project's own workloads (WORKLOADS=A,B of A to G, L, P and R; QUICK=1; BENCH_ARGS='--page FILE')
	@BUILD=$(abspath $(BUILD)) $(STUDY_PYTHON) tests/bench/bench.py $(BENCH_ARGS)
bench-revisions: lossbench ## the same workloads with revision REV and with this one, in turn (ROUNDS=5)
	@$(STUDY_PYTHON) tests/bench/revisions.py $(or $(REV),b32a008) --rounds $(or $(ROUNDS),5) $(BENCH_ARGS)
bench-peers: lossbench $(BENCH_TOOLS) ## the same work in PyTorch, scikit-learn and liblinear, in turn, as ratios (same options; BENCH_DATA=FOLDER with more tables for R)
	@scripts/setup.sh bench
	@BUILD=$(abspath $(BUILD)) $(STUDY_PYTHON) tests/bench/peers.py $(BENCH_ARGS)
bench-growth: lossbench ## time and memory against rows, features, classes, models, trials, workers (AXES=rows,trials; QUICK=1; BENCH_ARGS='--page FILE')
	@scripts/setup.sh study
	@$(STUDY_PYTHON) tests/bench/growth.py $(BENCH_ARGS)

# Each study is a file of scripts/studies; its page is in results/reference.
.PHONY: atlas atlas-page
atlas: lossbench                     ## make the studies whose files have changed, and the page of all, results/reference (STUDY=cs: one; hours for all)
	@scripts/setup.sh study
	@$(STUDY_PYTHON) scripts/atlas.py $(STUDY) --jobs $(JOBS) $(ARGS)
atlas-page:                          ## the page alone, out of the studies' results
	@scripts/setup.sh study
	@$(STUDY_PYTHON) scripts/atlas.py --page

.PHONY: docs
docs: lossbench                      ## regenerate the catalogue of losses and the reference of config keys
	@scripts/setup.sh study
	@./lossbench losses --markdown | $(STUDY_PYTHON) scripts/atlas.py --links > losses/README.new && mv losses/README.new losses/README.md
	@./lossbench config reference > configs/README.md

# The manual.
PAGES_1 := lossbench $(patsubst %,lossbench-%,$(shell sed -n 's/^COMMAND.\([a-z]*\),.*/\1/p' cmd/commands.def))
PAGES := $(PAGES_1:%=man1/%.1) man5/lossbench-config.5
WRITE_PAGES = $(STUDY_PYTHON) scripts/man_pages.py $(BUILD)/lossbench $(BUILD)/man
# Configs with the data that they name, by paths from the folder above both.
EXAMPLES := $(wildcard configs/*.* configs/*/*.* datasets/samples/*)

.PHONY: man
man: lossbench                       ## write the manual pages of what --help prints into build/man
	$(Q)$(WRITE_PAGES)

.PHONY: install
install: lossbench install-headers ## install program, manual, scripts, examples and the headers for plug-ins under PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/lossbench/scripts
	install -m 755 $(BUILD)/lossbench $(DESTDIR)$(PREFIX)/bin/lossbench
	@if $(WRITE_PAGES); then \
		for page in $(PAGES); do install -D -m 644 $(BUILD)/man/$$page $(DESTDIR)$(PREFIX)/share/man/$$page || exit 1; done \
	else echo "The manual is left out: its pages are written by Python 3 and a program that runs here" >&2; fi
	install -m 644 scripts/*.py scripts/*.html scripts/*.css scripts/*.js $(DESTDIR)$(PREFIX)/share/lossbench/scripts/
	install -m 755 scripts/sweep-*.sh $(DESTDIR)$(PREFIX)/share/lossbench/scripts/
	@for file in $(EXAMPLES); do install -D -m 644 $$file $(DESTDIR)$(PREFIX)/share/lossbench/examples/$$file || exit 1; done
.PHONY: install-headers
install-headers:
	@install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	@for header in $(PLUGIN_HEADERS); do install -D -m 644 $$header $(DESTDIR)$(PREFIX)/include/lossbench/$$header || exit 1; done
	@printf 'prefix=%s\n\nName: lossbench\nDescription: losses of your own as plug-ins of lossbench\nVersion: %s\nCflags: -I$${prefix}/include/lossbench %s\n' \
		'$(PREFIX)' '$(VERSION)' '$(PLUGIN_FLAGS)' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/lossbench.pc

.PHONY: uninstall
uninstall:                           ## remove what install put under PREFIX
	rm -f $(DESTDIR)$(PREFIX)/bin/lossbench $(DESTDIR)$(PREFIX)/lib/pkgconfig/lossbench.pc
	@rm -f $(PAGES:%=$(DESTDIR)$(PREFIX)/share/man/%)
	rm -rf $(DESTDIR)$(PREFIX)/share/lossbench $(DESTDIR)$(PREFIX)/include/lossbench

.PHONY: clean
clean:                               ## remove what was built
	rm -rf build build-asan build-gcc build-clang build-fuzz build-tsan build-coverage lossbench

.PHONY: list
list:                                ## print the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 18

-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(UNIT:=.d) $(FUZZ:%=$(BUILD)/fuzz/%.d)
