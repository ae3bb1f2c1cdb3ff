PREFIX ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR ?= $(PREFIX)/lib/systemd/system
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
# Where the program is built, and with what besides.
scratch = .build
flags =
program = $(scratch)/release/autochrome
# The parser's sources have the tool that writes manual pages.
parser = $(firstword $(wildcard Vendor/swift-argument-parser) $(scratch)/checkouts/swift-argument-parser)

KILLS ?= 2000
EVERY ?= 1
CUTS ?= 200
ROUNDS ?= 100
FILES ?= 100000
SECONDS ?= 60
ARRIVALS ?= 600
MACHINES ?= 10000

.PHONY: all build program manual completions test browser-test torture demo desk bench fuzz lint format install copy deb dist \
	package-test dependencies clean

all: build

dependencies:
	@scripts/dependencies

# The optimised program.
build: dependencies program

program:
	swift build -c release --product autochrome --scratch-path $(scratch) $(flags)

# A page for the program and for each of its commands, from their own definitions; those of `docs/man` are written by hand.
manual:
	swift build --package-path $(parser) --product generate-manual --scratch-path $(scratch)/manual --disable-sandbox
	scripts/manual $(scratch)/manual/debug/generate-manual $(program) $(scratch)/man

completions:
	mkdir -p $(scratch)/completions
	for shell in bash zsh fish; do \
		$(program) --generate-completion-script $$shell > $(scratch)/completions/autochrome.$$shell || exit 1; \
	done
	sed -i '1{/^#!/d}' $(scratch)/completions/autochrome.bash

# Lint, then every test against a development build, those of the desk's page last. OpenBLAS takes a processor newer than
# itself for one without AVX2, and golden gradients are too fine for the rounding of its kernels there; the program needs
# AVX2 and FMA anyway.
test: export OPENBLAS_CORETYPE ?= Haswell
test: lint
	scripts/dependencies test
	scripts/validators
	swift build --build-tests
	swift test --skip-build --disable-xctest
	scripts/browser-tests

# The desk's page in Debian's Chromium, against the built program.
browser-test:
	swift build --product autochrome
	scripts/browser-tests

# Kills, names used again, failing calls, power cuts, full disks, races, load, a stuck worker and several machines, in the
# numbers above, and a table at the end: a night's work on two cores.
torture: build
	python3 Torture/run.py --kills $(KILLS) --every $(EVERY) --cuts $(CUTS) --rounds $(ROUNDS) --files $(FILES) \
		--seconds $(SECONDS) --arrivals $(ARRIVALS) --machines $(MACHINES)

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

# Opens the desk on the sample photographs, which are coloured first unless they are.
desk: build
	test -d demo/outbox || $(MAKE) demo
	$(program) desk --inbox demo/inbox --outbox demo/outbox --state demo/state

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

install: build manual completions copy

# Puts in place what has been built.
copy:
	install -D -m 755 $(program) $(DESTDIR)$(PREFIX)/bin/autochrome
	install -D -m 644 Models/compact.safetensors $(DESTDIR)$(PREFIX)/share/autochrome/compact.safetensors
	install -D -m 644 etc/metadata.schema.json $(DESTDIR)$(PREFIX)/share/autochrome/metadata.schema.json
	install -D -m 644 etc/chosen.schema.json $(DESTDIR)$(PREFIX)/share/autochrome/chosen.schema.json
	install -D -m 644 etc/autochrome.yaml $(DESTDIR)$(PREFIX)/share/autochrome/autochrome.yaml
	test -e $(DESTDIR)$(SYSCONFDIR)/autochrome/autochrome.yaml || \
		install -D -m 644 etc/autochrome.yaml $(DESTDIR)$(SYSCONFDIR)/autochrome/autochrome.yaml
	install -d $(DESTDIR)$(UNITDIR)
	for unit in systemd/*.service systemd/*.socket; do \
		sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g' $$unit \
			> $(DESTDIR)$(UNITDIR)/$$(basename $$unit); \
	done
	install -d $(DESTDIR)$(PREFIX)/share/autochrome/desk
	install -m 644 Sources/Desk/Page/* $(DESTDIR)$(PREFIX)/share/autochrome/desk
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/autochrome.conf
	install -D -m 644 systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/autochrome.conf
	install -d $(DESTDIR)$(PREFIX)/share/doc/autochrome/docs
	install -m 644 README.md SECURITY.md $(DESTDIR)$(PREFIX)/share/doc/autochrome
	install -m 644 $(wildcard docs/*.md docs/*.jpg docs/*.png) $(DESTDIR)$(PREFIX)/share/doc/autochrome/docs
	for section in 1 5 7; do install -d $(DESTDIR)$(PREFIX)/share/man/man$$section; done
	install -m 644 $(scratch)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/man/*.7 $(DESTDIR)$(PREFIX)/share/man/man7
	install -D -m 644 $(scratch)/completions/autochrome.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/autochrome
	install -D -m 644 $(scratch)/completions/autochrome.zsh $(DESTDIR)$(ZSHDIR)/_autochrome
	install -D -m 644 $(scratch)/completions/autochrome.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/autochrome.fish

# Debian packages, in dist/.
deb:
	scripts/dependencies package
	scripts/debian-changelog > debian/changelog
	debian/rules clean binary
	@ls -l dist/*.deb

# A source archive that builds without a network: it brings the Swift packages along.
dist:
	scripts/source-archive dist

# Bare machines, made by debootstrap: installing, colouring, upgrading from the packages in BEFORE, removing, and what the
# container would be. Needs root, and the packages of `make deb`.
package-test:
	scripts/dependencies package-test
	scripts/package-test dist $(BEFORE)

clean:
	rm -rf .build .build-deb demo dist
