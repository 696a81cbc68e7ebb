# A data directory of 10 GB, with blocks of its own, into quarantine and back: what the two renames took.
.PHONY: host-10g
host-10g: all lab-driver
	@$(CHECK_BUILD) bash tests/bench/host_10g.sh
