# lossbench. `make list` prints the targets; V=1 shows the commands.
PREFIX ?= /usr/local
BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
STD = -std=c11 -D_GNU_SOURCE -I. -ffp-contract=off
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wdouble-promotion -Wconversion -Wvla -Wundef
PKGS = openblas yaml-0.1 libcjson zlib libcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null || echo -lopenblas -lyaml -lcjson -lz -lcrypto)
LIBS = $(PKG_LIBS) -lm
Q = $(if $(V),,@)

# Numeric sources are compiled twice, once a precision (core/numeric/real.h); all others once.
PLAIN := core/model/spec.c core/optim/schedule.c core/train/outcome.c
NUMERIC := $(sort $(filter-out $(PLAIN),$(wildcard core/model/*.c core/optim/*.c core/train/*.c losses/*/*.c)) \
	losses/driver.c losses/eval_real.c datasets/gather.c)
COMMON := $(sort $(filter-out $(NUMERIC),$(wildcard core/*/*.c losses/*.c datasets/*.c)))
CMD := $(sort $(wildcard cmd/*.c))
LIB := $(BUILD)/liblossbench.a
LIB_OBJ := $(COMMON:%.c=$(BUILD)/%.o) $(NUMERIC:%.c=$(BUILD)/f32/%.o) $(NUMERIC:%.c=$(BUILD)/f64/%.o)
CMD_OBJ := $(CMD:%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/test_*.c)))

COMPILE = $(CC) $(STD) $(WARN) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c

VERSION = 0.1.0

.PHONY: all
all: lossbench

lossbench: $(BUILD)/lossbench
	$(Q)cp $< $@

$(BUILD)/lossbench: $(CMD_OBJ) $(BUILD)/version.o $(LIB)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(CMD_OBJ) $(BUILD)/version.o $(LIB) $(LIBS)

# What a record says of the build; rewritten only when it changes.
.PHONY: always
$(BUILD)/version.c: always
	@mkdir -p $(@D)
	@{ echo '#include "core/run/provenance.h"'; \
	   echo 'const char lb_version[] = "$(VERSION)";'; \
	   echo "const char lb_git_revision[] = \"$$(git rev-parse --verify -q HEAD 2>/dev/null)\";"; \
	   echo "const int lb_git_clean = $$(git rev-parse --verify -q HEAD >/dev/null 2>&1 && { git diff --quiet HEAD -- && echo 1 || echo 0; } || echo -1);"; \
	   echo 'const char lb_build_flags[] = "$(STD) $(CFLAGS)";'; } > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/version.o: $(BUILD)/version.c
	$(Q)$(COMPILE) -o $@ $<

$(LIB): $(LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/f32/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DLB_REAL=32 -o $@ $<

$(BUILD)/f64/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DLB_REAL=64 -o $@ $<

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -o $@ $<

# Unit tests see doubles through either precision: -DLB_REAL=64.
$(BUILD)/unit/%: tests/unit/%.c $(LIB) $(BUILD)/version.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) -Wall -Wextra $(CFLAGS) $(PKG_CFLAGS) -DLB_REAL=64 -MMD -MP -o $@ $< $(BUILD)/version.o $(LIB) $(shell pkg-config --libs check 2>/dev/null || echo -lcheck) $(LIBS)

.PHONY: unit
unit: $(UNIT)
	$(Q)for t in $(UNIT); do $$t || true; done

-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(UNIT:=.d)
