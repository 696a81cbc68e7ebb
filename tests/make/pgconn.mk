# Pictures of clusters without the whole program: build/topology-driver pg1='host=... port=...'
.PHONY: topology-driver
topology-driver: $(BUILD)/topology-driver

$(BUILD)/topology-driver: $(BUILD)/tests/topology/driver.o $(BELOW_shell:%=$(BUILD)/%.a)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS)
-include $(BUILD)/tests/topology/driver.d
