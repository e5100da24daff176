# SPDX-License-Identifier: ISC
#
#   make               build everything into $(B)
#   make setup         install under the home named in conf-qmail (needs root, or DESTDIR)
#   make check         verify what is installed: silent when all is right
#   make test          tests/run: installs what the tests need, runs the quick tests
#   make torture       tests/run --long: everything without sampling, for hours; SEED=N repeats its choices
#   make unit          the unit tests alone
#   make bench         compare with Postfix, OpenSMTPD and Exim on this machine (tests/bench/README)
#   make fuzz          feed each parser for SECONDS=60 with what nobody thought of; FUZZ=MODULE for one
#   make musl          try again to get what static programs need (below: LIBC)
#   make help          the variables
#
# One make for the whole tree. Objects do not depend on the home or the break character, apart from
# the one that holds them, so changing conf-qmail rebuilds one object and links again: no make clean.

.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
.SUFFIXES:
.PHONY: all programs setup check test torture unit fuzz fuzz-targets fuzz-mutations bench bench-helpers bench-parsers lint list-programs clean help force uninstall-check musl

all: programs

# ---- settings, each with qmail's default ------------------------------------------------------------

QMAIL ?= $(shell head -n 1 conf-qmail)
override QMAIL := $(shell printf '%s' '$(QMAIL)' | sed -e 's|//*|/|g' -e 's|/$$||')
BREAK ?= $(shell head -n 1 conf-break | cut -c 1)
SPLIT ?= 23
SPAWN ?= 120
PATRN ?= 002
USERS ?= alias qmaild qmaill root qmailp qmailq qmailr qmails
GROUPS ?= qmail nofiles
DESTDIR ?=
B ?= .build
WERROR ?=
SANITIZE ?=
# The C library of the programs that are started for each message: musl; static or dynamic: the machine's own.
LIBC ?= musl
MUSL ?= .musl

CC ?= cc
AR ?= ar
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wcast-align -Wpointer-arith -Wwrite-strings -Wundef $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE \
	$(if $(findstring clang,$(CC)),,-ftrivial-auto-var-init=zero) $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2) $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
SAN := $(if $(SANITIZE),-DSANDBOX_OFF -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -Isrc $(WARNINGS) $(HARDEN) $(SAN) $(CFLAGS) $(CPPFLAGS)
ALL_LDFLAGS = $(HARDEN_LD) $(SAN) $(CFLAGS) $(LDFLAGS)
# tinycdb first: this skalibs has an older cdb reader with some of the same names.
LIBS = -l:libcdb.a -l:libskarnet.a

# ---- what there is ----------------------------------------------------------------------------------

# Layers: one archive each, in the order they may include downwards.
LAYERS := route net proto mail base

# Processes: qmail-X is made of all of src/X (src/spawn serves both spawners).
PROCESSES := $(filter-out %/,$(foreach p,smtpd qmtpd qmqpd qmqpc queue queue-route send clean lspawn rspawn local remote start inject \
	popup pop3d checkpassword poppasswd explain rcptd lint domain,\
	$(if $(wildcard src/$p/$p.c),$p)))

# Folders in which each source is a program by itself.
USER_PROGRAMS := $(patsubst src/users/%.c,qmail-%,$(wildcard src/users/*.c))
TOOL_PLAIN := splogger maildirmake forward condredirect bouncesaying except preline predate datemail mailsubj \
	qreceipt qbiff maildir2mbox tcp-env config config-fast
tool_name = $(if $(filter $(1),$(TOOL_PLAIN)),$(1),qmail-$(1))
TOOL_PROGRAMS := $(foreach t,$(patsubst src/tools/%.c,%,$(wildcard src/tools/*.c)),$(call tool_name,$t))
TOOL_SCRIPTS := $(foreach t,$(patsubst src/tools/%.sh,%,$(wildcard src/tools/*.sh)),$(call tool_name,$t))

PROGRAMS := $(addprefix qmail-,$(PROCESSES)) $(USER_PROGRAMS) $(TOOL_PROGRAMS) \
	$(if $(wildcard src/inject/sendmail.c),sendmail)
INSTALLER := $(B)/install/install

objects = $(patsubst src/%.c,$(B)/obj/%.o,$(1))
archives := $(LAYERS:%=$(B)/lib/%.a)

$(foreach p,$(PROCESSES),$(eval OBJ_qmail-$p := $$(call objects,$$(filter-out src/inject/sendmail.c,$$(wildcard src/$p/*.c)))))
# Folders that several processes share.
SHARED_lspawn := spawn recipient
SHARED_rspawn := spawn
SHARED_explain := recipient
SHARED_rcptd := recipient
SHARED_lint := recipient install
SHARED_domain := recipient
SHARED_smtpd := recipient
shared_objects = $(call objects,$(foreach s,$(SHARED_$(1)),$(filter-out src/$s/$s.c,$(wildcard src/$s/*.c))))
$(foreach p,$(PROCESSES),$(eval OBJ_qmail-$p += $$(call shared_objects,$p)))
OBJ_sendmail := $(call objects,src/inject/sendmail.c)
$(foreach p,$(USER_PROGRAMS),$(eval OBJ_$p := $$(call objects,src/users/$(p:qmail-%=%).c)))
$(foreach p,$(TOOL_PROGRAMS),$(eval OBJ_$p := $$(call objects,src/tools/$(p:qmail-%=%).c)))

LIBS_qmail-remote := -l:libcares.a
LIBS_tcp-env := -l:libcares.a
LIBS_qmail-explain := -l:libcares.a
LIBS_qmail-checkpassword := -lpam -lcrypt
LIBS_qmail-poppasswd := -lcrypt
# (for the unit tests of net)
LIBS_qmail-net := $(LIBS_qmail-remote)

MAN := $(patsubst man/%,$(B)/man/%,$(wildcard man/*.[1-9]))
DOC := $(patsubst man/doc/%,$(B)/doc/%,$(wildcard man/doc/*.md))
BOOT := $(patsubst %,$(B)/%,$(shell find boot -type f 2>/dev/null))

programs: $(PROGRAMS:%=$(B)/bin/%) $(TOOL_SCRIPTS:%=$(B)/bin/%) $(MAN) $(DOC) $(BOOT) $(if $(wildcard src/install/*.c),$(INSTALLER))

# ---- static programs --------------------------------------------------------------------------------

# What is started for each message, session or delivery, and the daemons beside it. With the machine's own C library
# a start takes three to four times as long as with musl, and two to three times when that is static as well
# (tests/bench/start.c measures). Programs that ask name services of the machine (users in LDAP)
# are not among these: musl knows /etc/passwd alone.
LIGHT := $(filter $(PROGRAMS),$(addprefix qmail-,smtpd qmtpd qmqpd qmqpc queue queue-route send clean lspawn rspawn local \
	remote inject popup pop3d) \
	sendmail forward condredirect bouncesaying except preline tcp-env)
# These look up names of qmail's users, unless the build knew their numbers.
ASKING := qmail-queue qmail-lspawn qmail-rspawn
# glibc's resolver takes its name services with it, dynamically linked or not at all.
RESOLVING := qmail-remote tcp-env

# Nothing is fetched or built for goals that link no program.
LINKING := $(filter-out help clean list-programs lint test torture unit fuzz fuzz-targets fuzz-mutations bench \
	bench-helpers bench-parsers musl \
	$(B)/unit/% $(B)/target/% $(B)/bench/% $(B)/obj/% $(B)/settings.h $(B)/man/%,$(or $(MAKECMDGOALS),all))
MUSL_FLAGS := -O2 -g $(filter-out -D%,$(HARDEN))
libraries = $(shell src/musl/libraries $(1) '$(MUSL)' '$(CC)' $(MUSL_FLAGS))

# "ok" and the folder, or why not.
ifneq ($(LIBC),musl)
MUSL_HAVE := $(if $(filter static dynamic,$(LIBC)),,$(error LIBC is musl, static or dynamic))
else ifneq ($(SANITIZE),)
override LIBC := dynamic
else ifeq ($(LINKING),)
MUSL_HAVE :=
else ifeq ($(filter cc gcc gcc-%,$(notdir $(CC))),)
MUSL_HAVE := no $(CC) is not gcc
else
MUSL_HAVE := $(call libraries,)
endif

ifeq ($(firstword $(MUSL_HAVE)),ok)
MUSL_HOME := $(lastword $(MUSL_HAVE))
MUSL_VERSIONS := $(shell cat '$(MUSL_HOME)/versions')
else ifneq ($(MUSL_HAVE),)
override LIBC := static
$(if $(filter-out check uninstall-check,$(LINKING)),$(info make: note: programs start more slowly than they could: \
	$(wordlist 2,99,$(MUSL_HAVE))))
endif

id_of = $(shell getent $(1) $(2) 2>/dev/null | cut -d : -f 3)
# Names of qmail's users become numbers here, once, where they exist; -1 leaves the look-up to run time
# (built as an ordinary user before the accounts exist, or for another machine through DESTDIR).
known = $(if $(DESTDIR),-1,$(or $(call id_of,$(1),$(2)),-1))

# Programs by the way they are linked; the others as usual.
UNKNOWN := $(filter -1,$(foreach u,$(USERS),$(call known,passwd,$u)) $(foreach g,$(GROUPS),$(call known,group,$g)))
ifeq ($(LIBC),musl)
WITH_MUSL := $(if $(MUSL_HOME),$(filter-out $(if $(UNKNOWN),$(ASKING)),$(LIGHT)))
else ifeq ($(LIBC)$(UNKNOWN),static)
WITH_STATIC := $(filter-out $(RESOLVING),$(LIGHT))
endif

# ---- how it is made ---------------------------------------------------------------------------------

# A file whose time changes only when its text does: what depends on a setting depends on one of these.
define stamp
	@mkdir -p $(@D) && printf '%s\n' $(1) > $@.new || \
		{ echo "make: cannot write in $(@D): is it another user's? Give a folder of your own: make B=/some/where"; exit 1; }; \
	if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
endef

$(B)/settings.h: force conf-qmail conf-break
	$(call stamp,'#define CONF_HOME "$(QMAIL)"' "#define CONF_BREAK '$(BREAK)'" '#define CONF_SPLIT $(SPLIT)' \
	'#define CONF_SPAWN $(SPAWN)' '#define CONF_PATRN 0$(PATRN)' \
	'#define CONF_USERS { $(foreach u,$(USERS),{ "$u", $(call known,passwd,$u) },) }' \
	'#define CONF_GROUPS { $(foreach g,$(GROUPS),{ "$g", $(call known,group,$g) },) }' \
	'#define CONF_ASK $(if $(UNKNOWN),1,0)')

$(B)/flags: force
	$(call stamp,'$(CC) $(ALL_CFLAGS)')

$(B)/ldflags: force
	$(call stamp,'$(CC) $(ALL_LDFLAGS) $(LIBS)' '$(LIBC) $(MUSL_HOME) $(MUSL_VERSIONS)' '$(WITH_MUSL) $(WITH_STATIC)')

$(B)/obj/base/conf.o: $(B)/settings.h
$(B)/obj/base/conf.o: ALL_CFLAGS += -I$(B)

$(B)/obj/%.o: src/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The filters of base/sandbox. FILTERS_CC builds the program that writes them, where that runs.
FILTERS_CC ?= $(CC)

$(B)/filters/make: src/filters/filters.c src/base/sandbox.h
	@mkdir -p $(@D)
	$(FILTERS_CC) -std=c11 -D_GNU_SOURCE -Isrc $(WARNINGS) -O -o $@ $< -lseccomp -l:libskarnet.a

$(B)/filters/filters.c: $(B)/filters/make
	$< > $@

$(B)/obj/filters.o: $(B)/filters/filters.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive
$(B)/lib/$(1).a: $$(call objects,$$(wildcard src/$(1)/*.c)) $(if $(filter base,$(1)),$(B)/obj/filters.o)
	@mkdir -p $$(@D)
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call archive,$l)))

$(B)/bin/%: $$(OBJ_$$*) $(archives) $(B)/ldflags
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(OBJ_$*) $(archives) $(LIBS) $(LIBS_$*)

ifneq ($(WITH_STATIC),)
$(WITH_STATIC:%=$(B)/bin/%): ALL_LDFLAGS += -static-pie
endif

# The same for musl, with objects of its own below $(B)/musl.
MUSL_CC := $(CC) -specs $(MUSL_HOME)/specs -isystem $(MUSL_HOME)/include
# Macros of musl's (CMSG_NXTHDR) convert signs; unit tests and clang see every source with all warnings.
MUSL_CFLAGS = $(filter-out -Wconversion -Wsign-conversion,$(ALL_CFLAGS))
musl_objects = $(patsubst $(B)/obj/%,$(B)/musl/obj/%,$(1))
musl_archives := $(LAYERS:%=$(B)/musl/lib/%.a)

$(B)/musl/flags: force
	$(call stamp,'$(MUSL_CC) $(MUSL_CFLAGS) $(MUSL_VERSIONS)')

$(B)/musl/obj/base/conf.o: $(B)/settings.h
$(B)/musl/obj/base/conf.o: ALL_CFLAGS += -I$(B)

$(B)/musl/obj/filters.o: $(B)/filters/filters.c $(B)/musl/flags
	@mkdir -p $(@D)
	$(MUSL_CC) $(MUSL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/musl/obj/%.o: src/%.c $(B)/musl/flags
	@mkdir -p $(@D)
	$(MUSL_CC) $(MUSL_CFLAGS) -MMD -MP -c -o $@ $<

# What the machine's own C library calls the errors.
$(B)/musl/words: src/musl/words.c
	@mkdir -p $(@D)
	$(FILTERS_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O -o $@ $<

$(B)/musl/words.c: $(B)/musl/words
	$< > $@

$(B)/musl/obj/words.o: $(B)/musl/words.c $(B)/musl/flags
	@mkdir -p $(@D)
	$(MUSL_CC) $(MUSL_CFLAGS) -MMD -MP -c -o $@ $<

define musl_archive
$(B)/musl/lib/$(1).a: $$(call musl_objects,$$(call objects,$$(wildcard src/$(1)/*.c))) $(if $(filter base,$(1)),$(B)/musl/obj/filters.o $(B)/musl/obj/words.o)
	@mkdir -p $$(@D)
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call musl_archive,$l)))

# began.h says why.
MUSL_LDFLAGS_qmail-queue := -Wl,--wrap=__libc_start_main

define musl_program
$(B)/bin/$(1): $(call musl_objects,$(OBJ_$(1))) $(musl_archives) $(B)/ldflags
	@mkdir -p $$(@D)
	$(MUSL_CC) $$(ALL_LDFLAGS) $(MUSL_LDFLAGS_$(1)) -o $$@ $(call musl_objects,$(OBJ_$(1))) $(musl_archives) -L$(MUSL_HOME)/lib $(LIBS) $(LIBS_$(1))
endef
$(foreach p,$(WITH_MUSL),$(eval $(call musl_program,$p)))

musl:
	@set -- $(call libraries,--again); if [ "$$1" = ok ]; then echo "make: $$(cat "$$2/versions"), in $$2"; else shift; echo "make: $$*"; exit 1; fi

substitute = sed -e 's|@QMAIL@|$(QMAIL)|g' -e 's|@BREAK@|$(BREAK)|g' -e 's|@SPLIT@|$(SPLIT)|g' -e 's|@SPAWN@|$(SPAWN)|g'

define script
$(B)/bin/$(1): src/tools/$(1:qmail-%=%).sh $(B)/settings.h
	@mkdir -p $$(@D)
	$$(substitute) $$< > $$@
	chmod 755 $$@
endef
$(foreach t,$(TOOL_SCRIPTS),$(eval $(call script,$t)))

$(B)/man/%: man/% $(B)/settings.h
	@mkdir -p $(@D)
	$(substitute) $< > $@

$(B)/doc/%: man/doc/% $(B)/settings.h
	@mkdir -p $(@D)
	$(substitute) $< > $@

$(B)/boot/%: boot/% $(B)/settings.h
	@mkdir -p $(@D)
	$(substitute) $< > $@
	@if [ -x $< ]; then chmod 755 $@; fi

$(INSTALLER): $(call objects,$(wildcard src/install/*.c)) $(archives) $(B)/ldflags
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(archives) $(LIBS)

setup: all
	@$(INSTALLER) setup "$(B)" "$(DESTDIR)"

# make -j setup check: first the one, then the other
check: all | $(filter setup,$(MAKECMDGOALS))
	@$(INSTALLER) check "$(B)" "$(DESTDIR)"

uninstall-check: all
	@$(INSTALLER) list "$(B)" "$(DESTDIR)"

# ---- tests ------------------------------------------------------------------------------------------

# tests/unit/F/M_test.c tests src/F/M.c; a process folder's own modules are linked in, without its main.
UNIT_SOURCES := $(wildcard tests/unit/*/*_test.c)
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SOURCES))
folder = $(word 3,$(subst /, ,$(1)))
modules = $(call objects,$(filter-out src/$(1)/$(1).c src/inject/sendmail.c src/users/% src/tools/%,$(wildcard src/$(1)/*.c)))
is_layer = $(filter $(LAYERS),$(1))

define unit
$(B)/unit/$(1): tests/unit/$(1).c $(if $(call is_layer,$(2)),,$$(call modules,$(2)) $$(call shared_objects,$(2))) $(archives) $(B)/flags $(B)/ldflags
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -Itests/unit -MMD -MP -c -o $$@.o $$<
	$$(CC) $$(ALL_LDFLAGS) -o $$@ $$@.o $$(filter %.o,$$^) $(archives) $(LIBS) $(LIBS_qmail-$(2)) -lcmocka
endef
$(foreach t,$(UNIT_SOURCES:tests/unit/%.c=%),$(eval $(call unit,$t,$(firstword $(subst /, ,$t)))))

# tests/fuzz/M_fuzz.c with the layers, what FUZZ_FOLDER_M says and, instead of I/O, tests/fuzz/memory.c: as a
# program that replays files ($(B)/target, a part of unit), or, for `make fuzz`, with libFuzzer.
FUZZ_MODULES := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_FOLDER_smtpd_session := smtpd
FUZZ_FOLDER_qmtpd_session := qmtpd
FUZZ_FOLDER_qmqpd_session := qmqpd
FUZZ_FOLDER_qmqpc_reply := qmqpc
FUZZ_FOLDER_spawn := spawn
FUZZ_IN_MEMORY := smtpd_session qmtpd_session qmqpd_session netstring
FUZZ ?= $(FUZZ_MODULES)
FUZZ_CC ?= clang
SECONDS ?= 60
# set by `make fuzz` for the make below it
LIBFUZZER ?=
REPLAYS := $(FUZZ_MODULES:%=$(B)/target/%)

$(B)/target/%.o: tests/fuzz/%.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

fuzz_objects = $(1)_fuzz fuzz $(if $(filter $(1),$(FUZZ_IN_MEMORY)),memory) $(if $(LIBFUZZER),,replay)

define fuzz_target
$(B)/target/$(1): $$(patsubst %,$(B)/target/%.o,$$(call fuzz_objects,$(1))) \
	$$(if $$(FUZZ_FOLDER_$(1)),$$(call modules,$$(FUZZ_FOLDER_$(1))) $$(call shared_objects,$$(FUZZ_FOLDER_$(1)))) $(archives) $(B)/ldflags
	$$(CC) $$(ALL_LDFLAGS) $$(if $$(LIBFUZZER),-fsanitize=fuzzer) -o $$@ $$(filter %.o,$$^) $(archives) $(LIBS) $(LIBS_qmail-net)
endef
$(foreach m,$(FUZZ_MODULES),$(eval $(call fuzz_target,$m)))

fuzz-targets: $(FUZZ:%=$(B)/target/%)

fuzz:
	@$(MAKE) -s CC='$(FUZZ_CC)' B='$(B)/fuzz' SANITIZE=fuzzer-no-link,address,undefined LIBFUZZER=1 fuzz-targets
	@nice -n 19 tests/fuzz/run '$(B)/fuzz' '$(SECONDS)' $(FUZZ)

fuzz-mutations:
	@nice -n 19 tests/fuzz/mutate '$(B)/mutate' $(if $(filter command line environment,$(origin FUZZ)),$(FUZZ))

unit: $(UNITS) $(REPLAYS)
	@passed=0; failed=0; \
	for t in $(UNITS) $(REPLAYS); do \
		if $$t > $$t.log 2>&1; then \
			passed=$$((passed + $$(grep -c '^\[       OK' $$t.log))); \
		else \
			cat $$t.log; n=$$(sed -n 's/^ *\([0-9]*\) FAILED TEST(S)$$/\1/p' $$t.log); \
			failed=$$((failed + $${n:-1})); \
		fi; \
	done; \
	echo "unit: $$passed passed, $$failed failed"; [ $$failed -eq 0 ]

# tests/bench/*.c: load for tests/bench/run, and measurements of single modules.
BENCHES := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
# Those that run in others' roots, or stand for a program of ours, know nothing of the tree.
BENCH_STATIC := inject floor tiny

$(BENCH_STATIC:%=$(B)/bench/%): $(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -static -o $@ $<

$(patsubst %,$(B)/bench/%,$(filter-out $(BENCH_STATIC),$(BENCHES))): $(B)/bench/%: tests/bench/%.c $(archives) $(B)/flags $(B)/ldflags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@.o $<
	$(CC) $(ALL_LDFLAGS) -o $@ $@.o $(archives) $(LIBS)

bench-helpers: $(BENCHES:%=$(B)/bench/%)

bench:
	tests/bench/run

test:
	tests/run

torture:
	tests/run --long $(if $(SEED),--seed '$(SEED)')

# How fast the machines are that see every byte of a message.
bench-parsers: $(B)/bench/parsers
	@$<

list-programs:
	@printf '%s\n' $(PROGRAMS) $(TOOL_SCRIPTS)

lint: $(MAN)
	mandoc -T lint -W warning $(MAN)

clean:
	rm -rf $(B)

help:
	@echo 'Variables (current value):'
	@echo '  QMAIL=$(QMAIL)  home; default: first line of conf-qmail'
	@echo '  BREAK=$(BREAK)  user-extension separator; default: conf-break'
	@echo '  SPLIT=$(SPLIT)  subdirectories of a new queue    SPAWN=$(SPAWN)  deliveries per spawner, at most 255'
	@echo '  PATRN=$(PATRN)  permission bits that make a home or .qmail unsafe'
	@echo '  USERS=$(USERS)'
	@echo '  GROUPS=$(GROUPS)'
	@echo '  DESTDIR=$(DESTDIR)  prefix for setup and check   B=$(B)  build folder'
	@echo '  CC CFLAGS LDFLAGS   WERROR=1 warnings are errors    SANITIZE=address,undefined'
	@echo '  LIBC=$(LIBC)  C library of what is started for each message: musl (static), static or dynamic (of the machine)'
	@echo '  MUSL=$(MUSL)  what is built once for musl; make clean leaves it; make musl: try again to get it'
	@echo 'Tests (tests/run --help; each ends with its table of figures):'
	@echo '  make test             quick: ten minutes, for every change'
	@echo '  tests/run --full      before a merge: failing calls, power cuts, sanitizers, valgrind, analysers'
	@echo '  make torture          everything without sampling, for hours; SEED=N repeats its choices'
	@echo '  make unit             the unit tests alone; needs no root'
	@echo '  make bench            the speed of ours and of Postfix, OpenSMTPD and Exim, side by side (tests/bench/README)'
	@echo '  make bench-parsers    the speed of what looks at every byte of a message'
	@echo 'Fuzzing (tests/fuzz/README):'
	@echo '  make fuzz             each parser for SECONDS=$(SECONDS) with libFuzzer, into $(B)/fuzz; FUZZ=MODULE... for some'
	@echo '  make fuzz-mutations   break each parser on purpose: its target must notice'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
