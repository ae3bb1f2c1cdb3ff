PREFIX ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
program = .build/release/autochrome

KILLS ?= 2000
EVERY ?= 1
CUTS ?= 200
ROUNDS ?= 100
FILES ?= 100000
SECONDS ?= 60
ARRIVALS ?= 600

.PHONY: all build test torture demo bench fuzz lint format install dependencies clean

all: build

dependencies:
	@scripts/dependencies

# The optimised program.
build: dependencies
	swift build -c release --product autochrome

# Lint, then every test against a development build. OpenBLAS takes a processor newer than itself for one without AVX2, and
# golden gradients are too fine for the rounding of its kernels there; the program needs AVX2 and FMA anyway.
test: export OPENBLAS_CORETYPE ?= Haswell
test: dependencies lint
	swift build --build-tests
	swift test --skip-build --disable-xctest

# Kills, names used again, failing calls, power cuts, full disks, races, load and a stuck worker, in the numbers above, and
# a table at the end: a night's work on two cores.
torture: build
	python3 Torture/run.py --kills $(KILLS) --every $(EVERY) --cuts $(CUTS) --rounds $(ROUNDS) --files $(FILES) \
		--seconds $(SECONDS) --arrivals $(ARRIVALS)

# Colours the sample photographs through the daemon and shows where the results are.
demo: build
	rm -rf demo
	mkdir -p demo/inbox
	cp Samples/*.jpg Samples/*.png Samples/*.tif demo/inbox
	$(program) watch --once --inbox demo/inbox --outbox demo/outbox --state demo/state
	@echo
	@find demo/outbox -type f | sort
	@echo
	@echo "Look at demo/outbox/*/sheet.jpg"

bench: build
	Benchmarks/run

# Ten thousand damaged images, and models, configurations, sidecars and ledgers, through the whole program.
fuzz: build
	python3 Torture/fuzz.py $(program)

lint:
	swift format lint --strict --configuration .swift-format -r Package.swift Sources Tests
	scripts/imports

format:
	swift format --configuration .swift-format -i -r Package.swift Sources Tests

install: build
	install -D -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/autochrome
	install -D -m 644 Models/compact.safetensors $(DESTDIR)$(PREFIX)/share/autochrome/compact.safetensors
	install -D -m 644 etc/metadata.schema.json $(DESTDIR)$(PREFIX)/share/autochrome/metadata.schema.json
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/autochrome/README.md
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/autochrome/LICENSE
	test -e $(DESTDIR)$(SYSCONFDIR)/autochrome/autochrome.yaml || \
		install -D -m 644 etc/autochrome.yaml $(DESTDIR)$(SYSCONFDIR)/autochrome/autochrome.yaml
	install -D -m 644 etc/autochrome.yaml $(DESTDIR)$(PREFIX)/share/autochrome/autochrome.yaml
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for unit in autochrome.service autochrome@.service; do \
		sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' systemd/$$unit \
			> $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit; \
	done
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/autochrome.conf
	install -D -m 644 systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/autochrome.conf

clean:
	rm -rf .build demo
