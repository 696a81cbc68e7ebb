# What building and testing needs, from Debian's packages. Quick where all is there.
.PHONY: deps deps-fuzz
deps:
	@tests/make/deps.sh
deps-fuzz:
	@tests/make/deps.sh --fuzz
