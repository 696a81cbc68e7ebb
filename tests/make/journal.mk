# The writer's tests fail fdatasync on demand; everything else they do to real files.
$(BUILD)/unit/journal/test_writer: $(BUILD)/tests/unit/journal/test_writer.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--wrap=fdatasync -o $@ $< -Wl,--start-group $(BUILD)/journal.a \
		$(BUILD)/include.a -Wl,--end-group -lcmocka $(LIBS)
# The same for a full disk and a clock that jumps.
$(BUILD)/unit/journal/test_room: $(BUILD)/tests/unit/journal/test_room.o $(BUILD)/journal.a $(BUILD)/include.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--wrap=fallocate,--wrap=clock_gettime -o $@ $< -Wl,--start-group $(BUILD)/journal.a \
		$(BUILD)/include.a -Wl,--end-group -lcmocka $(LIBS)
