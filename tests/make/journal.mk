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
