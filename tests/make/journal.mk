# Some of the writer's tests fail fdatasync on demand, or let it hang; everything else they do to real files.
SYNC_TESTS = $(addprefix $(BUILD)/unit/journal/,test_writer test_put_off test_slow)
$(SYNC_TESTS): $(BUILD)/unit/journal/%: $(BUILD)/tests/unit/journal/%.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--wrap=fdatasync -o $@ $< -Wl,--start-group $(BUILD)/journal.a \
		$(BUILD)/include.a -Wl,--end-group -lcmocka $(LIBS)
# The same for a full disk and a clock that jumps.
$(BUILD)/unit/journal/test_room: $(BUILD)/tests/unit/journal/test_room.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--wrap=fallocate,--wrap=clock_gettime -o $@ $< -Wl,--start-group $(BUILD)/journal.a \
		$(BUILD)/include.a -Wl,--end-group -lcmocka $(LIBS)
# Tells a story to the writer; what a machine would add to it is the story's: tests/golden/driver.c.
$(BUILD)/golden-driver: $(BUILD)/tests/golden/driver.o $(BUILD)/journal.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -Wl,--wrap=time,--wrap=clock_gettime,--wrap=getrandom,--wrap=gethostname,--wrap=getpid,--wrap=jparent_boot_id \
		-o $@ $< -Wl,--start-group $(BUILD)/journal.a $(BUILD)/include.a -Wl,--end-group $(LIBS)
# The postmortems of tests/golden again, after a change that is meant.
.PHONY: golden
golden: all $(BUILD)/golden-driver
	@for s in tests/golden/*.story; do \
		d=$$(mktemp -d) && $(BUILD)/golden-driver $$s $$d && for f in md json; do \
			$(BUILD)/holdfast postmortem --operators $$d/operators --format $$f $$d/journal \
				>$${s%story}$$f || exit 1; \
		done && rm -r $$d || exit 1; done
