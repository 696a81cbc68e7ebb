# Pictures of clusters without the whole program: build/topology-driver pg1='host=... port=...'
.PHONY: topology-driver
topology-driver: $(BUILD)/topology-driver

$(BUILD)/topology-driver: $(BUILD)/tests/topology/driver.o $(BUILD)/commands.a $(BUILD)/engines.a $(BUILD)/include.a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(BUILD)/commands.a $(BUILD)/engines.a $(BUILD)/include.a \
		-Wl,--end-group $(LIBS)
-include $(BUILD)/tests/topology/driver.d

incidents: topology-driver
