# Everything around the program: sanitizers, demo, benchmarks, fuzzing, installing, help.
MAN = $(wildcard man/*.[1-9])

.PHONY: asan demo bench fuzz install uninstall help

# The same suites with AddressSanitizer and UndefinedBehaviorSanitizer, in a build directory of its own.
asan:
	@tests/make/deps.sh
	@for s in unit fault-quick classify cli tty incidents; do \
		ASAN_OPTIONS=abort_on_error=0:detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		$(MAKE) --no-print-directory BUILD=build-asan OPT="-O1 -g -Wno-format-truncation" \
			SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer" \
			$$s || exit 1; done

# At a terminal: alice's shell and bob's beside it. Elsewhere, or with STORY=1: the whole story, and its
# transcript. OUT=DIR keeps the evidence.
demo:
	@tests/make/deps.sh
	@$(MAKE) --no-print-directory all lab-driver
	@HOLDFAST_BUILD="$(abspath $(BUILD))" bash tests/demo/demo.sh

# target, median of 7 alternating runs, and MISS where missed; written to tests/bench/RESULTS.txt
bench:
	@tests/make/deps.sh --bench
	@$(MAKE) --no-print-directory all libs lab-driver
	@HOLDFAST_BUILD="$(abspath $(BUILD))" HOLDFAST_TOP="$(CURDIR)" bash tests/bench/bench.sh $(BENCH)

# Every fuzz target for T seconds; FUZZ=NAME picks one.
T ?= 30
FUZZ_SRC = $(wildcard tests/fuzz/$(if $(FUZZ),$(FUZZ),*).c)
fuzz:
	@tests/make/deps.sh --fuzz
	@$(MAKE) -s --no-print-directory BUILD=build-fuzz CC=clang OPT="-O1 -g" \
		SANITIZE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" fuzz-programs
	@T="$(T)" bash tests/fuzz/run.sh build-fuzz $(FUZZ_SRC)

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_SRC:%.c=$(BUILD)/%)
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(filter-out $(BUILD)/shell.a,$(LIBRARY))
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(filter-out $(BUILD)/shell.a,$(LIBRARY)) \
		-Wl,--end-group $(LIBS)

install: all
	install -D -m 755 $(BUILD)/holdfast $(DESTDIR)$(PREFIX)/bin/holdfast
	for m in $(MAN); do s=$${m##*.}; \
		install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$$s/$${m##*/} || exit 1; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/holdfast
	for m in $(MAN); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

help:
	@echo 'make            builds build/holdfast'
	@echo 'make deps       installs the Debian packages it needs, and makes the OS users of the tests'
	@echo 'make demo       a cluster, two operators, one mistake; OUT=DIR keeps the evidence'
	@echo 'make check      all checks and tests; `make unit`, `cli`, `tty`, ... are its parts'
	@echo 'make asan       the tests under AddressSanitizer and UBSan'
	@echo 'make matrix     the line on PostgreSQL 12 to 18 and MySQL 5.6 (servers from the npm registry)'
	@echo 'make bench      measures, writes tests/bench/RESULTS.txt'
	@echo 'make fault      some 2,000 faults and 110,000 mutations against the journal, in five minutes'
	@echo 'make golden     the postmortems of tests/golden again, after a change that is meant'
	@echo 'make storm      STORM=500 drops, 1,000 holds, between restarts, kills and cuts; an hour'
	@echo 'make fuzz       every fuzz target for T=30 seconds'
	@echo 'make install    PREFIX=/usr/local, DESTDIR='
	@echo 'make uninstall  takes away what make install put there'
	@echo 'make clean      removes what was built, also by asan and fuzz'
