# holdfast. GNU make. `make help` lists the targets.
VERSION = 0.1.0
CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
OPT ?= -O2 -g
WARN = -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wformat=2 -Wswitch-enum -Wundef -fno-common
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fstack-clash-protection
# Warnings are errors in CI, and for us who build it every day; not for a packager's newer compiler.
ifeq ($(CI),true)
WERROR = -Werror
endif
PQ_INC := $(shell pg_config --includedir 2>/dev/null)
MY_INC := $(shell mysql_config --include 2>/dev/null || mariadb_config --include 2>/dev/null)
CPPFLAGS += -D_GNU_SOURCE -I. -Iinclude $(if $(PQ_INC),-I$(PQ_INC)) $(MY_INC) -DHOLDFAST_VERSION='"$(VERSION)"'
CFLAGS += -std=gnu11 $(OPT) $(WARN) $(WERROR) $(HARDEN) $(SANITIZE)
LDFLAGS += -pie -Wl,-z,relro,-z,now,--as-needed $(SANITIZE)
MY_LIB := $(shell mysql_config --libs 2>/dev/null || echo -lmariadb)
LIBS = -lreadline -lpq $(MY_LIB) -lssh2 -lpg_query -lssl -lcrypto -ljansson -lconfuse -lpthread

FLOORS = include journal engines policy commands shell
SRC = $(foreach f,$(FLOORS),$(wildcard $(f)/*.c))
OBJ = $(SRC:%.c=$(BUILD)/%.o)
LIBRARY = $(FLOORS:%=$(BUILD)/%.a)

.PHONY: all
all: $(BUILD)/holdfast

$(BUILD)/holdfast: $(BUILD)/shell/main.o $(LIBRARY)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(LIBRARY) -Wl,--end-group $(LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define floor_rule
$(BUILD)/$(1).a: $(patsubst %.c,$(BUILD)/%.o,$(filter-out shell/main.c,$(wildcard $(1)/*.c)))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call floor_rule,$(f))))

-include $(OBJ:.o=.d) $(wildcard $(BUILD)/tests/unit/*/*.d)

# Unit tests: tests/unit/FLOOR/test_NAME.c links FLOOR and the floors below it, so that an upward call
# is a link error. journal, engines and policy are neighbours that do not see each other.
BELOW_include = include
BELOW_journal = journal include
BELOW_engines = engines include
BELOW_policy = policy include
BELOW_commands = commands policy engines journal include
BELOW_shell = shell commands policy engines journal include
UNIT_SRC = $(foreach f,$(FLOORS),$(wildcard tests/unit/$(f)/test_*.c))
UNIT = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: unit-programs
unit-programs: $(UNIT)
define unit_rule
$(BUILD)/unit/$(1)/%: $(BUILD)/tests/unit/$(1)/%.o $(patsubst %,$(BUILD)/%.a,$(BELOW_$(1)))
	@mkdir -p $$(@D)
	$(CC) $(LDFLAGS) -o $$@ $$< -Wl,--start-group $(patsubst %,$(BUILD)/%.a,$(BELOW_$(1))) \
		-Wl,--end-group -lcmocka $(LIBS)
endef
$(foreach f,$(FLOORS),$(eval $(call unit_rule,$(f))))

.PHONY: libs
libs: $(LIBRARY)

.PHONY: clean
clean:
	rm -rf $(BUILD) build-asan build-fuzz build-clang out

-include tests/make/*.mk
