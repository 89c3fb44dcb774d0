# SPDX-License-Identifier: GPL-2.0-or-later
#
# memtrace: `make` builds build/memtrace, `make help` lists the targets.
#
#   bpf/NAME.bpf.c  ->  build/bpf/NAME.bpf.o  ->  build/gen/NAME.skel.h
#   user/**/*.c     ->  build/user/**.o       ->  build/memtrace
#   the same again, with sanitizers: build/asan/ (unit tests), build/fuzz/,
#   and for the other architecture: build/arm64/ (compiled, not linked)
#
# Sources are globbed: a new file needs no line here.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 0.1.0

B := build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions

ifneq ($(V),1)
Q := @
say = @printf '  %-8s %s\n' '$(1)' '$(2)';
else
say =
endif

# --- tools ---------------------------------------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG ?= clang
PKG_CONFIG ?= pkg-config
CROSS_CC ?= aarch64-linux-gnu-gcc
# llvm-strip carries a version where the distribution has several.
ifndef LLVM_STRIP
LLVM_STRIP := $(notdir $(or $(shell command -v llvm-strip || \
	command -v llvm-strip-$$($(CLANG) -dumpversion 2>/dev/null | cut -d. -f1)),llvm-strip))
endif
# In /usr/sbin on Debian, and behind a wrapper that may not work on Ubuntu.
ifndef BPFTOOL
BPFTOOL := $(or $(shell scripts/deps.sh bpftool 2>/dev/null),bpftool)
endif

HOST_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))
ARCH ?= $(HOST_ARCH)

# --- flags ---------------------------------------------------------------------------------------

CFLAGS ?= -O2 -g
warnings := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
	-Wold-style-definition -Wvla -Wpointer-arith -Wwrite-strings -Wundef
# Debug information and asserts name files as the tree does, wherever it lies.
relocatable := -ffile-prefix-map=$(CURDIR)=.
common := -std=gnu11 -D_GNU_SOURCE $(warnings) $(relocatable)
hardening := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fPIE
hardening_ld := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack
dep = -MMD -MP -MF $(@:%=%.d)

# name, fallback where there is no .pc file
pc_libs = $(or $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null),$(2))
pc_cflags = $(shell $(PKG_CONFIG) --cflags $(1) 2>/dev/null)
lib_cflags := $(foreach l,libbpf libelf libdw zlib libcap sqlite3 json-c,$(call pc_cflags,$(l)))
LIBS := $(call pc_libs,libbpf,-lbpf) $(call pc_libs,libelf,-lelf) $(call pc_libs,zlib,-lz) \
	$(call pc_libs,libcap,-lcap) $(call pc_libs,sqlite3,-lsqlite3) \
	$(call pc_libs,json-c,-ljson-c) $(call pc_libs,libdw,-ldw) -liberty -lm
cmocka_libs := $(call pc_libs,cmocka,-lcmocka)

bpf_flags = -target bpf -g -O2 -mcpu=v3 -std=gnu11 -D__TARGET_ARCH_$(1) -Ivmlinux/$(1) -Ibpf \
	-Wall -Wextra -Werror -Wshadow -Wno-unused-parameter -Wno-missing-field-initializers \
	-fno-stack-protector -ffile-prefix-map=$(CURDIR)=. $(call pc_cflags,libbpf)
BPF_FLAGS := $(call bpf_flags,$(ARCH))
ARM_BPF_FLAGS := $(call bpf_flags,arm64)

USER_FLAGS := $(common) $(CFLAGS) $(hardening) -I$(B)/gen -Iuser -Ibpf $(lib_cflags) $(CPPFLAGS)
USER_LD := $(hardening_ld) -Wl,--as-needed $(LDFLAGS)

SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ASAN_FLAGS := $(common) -O1 -g $(SAN) -I$(B)/gen -Iuser -Ibpf $(lib_cflags)
# A test function that main() does not register is static and unused: it must not compile.
TEST_FLAGS := $(ASAN_FLAGS) -Itests/unit -Wno-unused-parameter -Werror=unused-function

FUZZ_FLAGS := $(common) -O1 -g -I$(B)/gen -Iuser -Ibpf $(lib_cflags) \
	-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
VICTIM_FLAGS := $(common) -O2 -g -fomit-frame-pointer -pthread
BENCH_FLAGS := $(common) -O2 -g -pthread -I$(B)/bench -Iuser -Ibpf $(lib_cflags)

# Third-party headers are the host's: they do not depend on the architecture, and come after the
# cross compiler's own.
ARM_FLAGS := $(common) -O2 -g -fstack-protector-strong -fPIE -I$(B)/arm64/gen -I$(B)/gen -Iuser \
	-Ibpf $(patsubst -I%,-idirafter %,$(lib_cflags)) -idirafter /usr/include

# --- sources -------------------------------------------------------------------------------------

bpf_src := $(sort $(wildcard bpf/*.bpf.c))
user_src := $(sort $(shell find user -name '*.c'))
unit_src := $(sort $(wildcard tests/unit/test_*.c))
fuzz_src := $(sort $(wildcard tests/fuzz/fuzz_*.c))
victim_src := $(sort $(wildcard tests/victims/*.c))
bench_src := $(sort $(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))
bench_bpf_src := $(sort $(wildcard tests/bench/*.bpf.c))

skels := $(bpf_src:bpf/%.bpf.c=$(B)/gen/%.skel.h)
generated := $(skels) $(B)/gen/version.h $(B)/gen/boot_service.h
user_obj := $(user_src:%.c=$(B)/%.o)
lib_src := $(filter-out user/main.c,$(user_src))
asan_obj := $(lib_src:%.c=$(B)/asan/%.o)
fuzz_obj := $(lib_src:%.c=$(B)/fuzz/%.o)
unit_bin := $(unit_src:%.c=$(B)/%)
fuzz_bin := $(fuzz_src:tests/fuzz/%.c=$(B)/fuzz/%)
victim_bin := $(victim_src:%.c=%)
bench_skels := $(bench_bpf_src:tests/bench/%.bpf.c=$(B)/bench/%.skel.h)
bench_bin := $(bench_src:tests/bench/%.c=$(B)/bench/%)
arm_bpf := $(bpf_src:bpf/%.bpf.c=$(B)/arm64/bpf/%.bpf.o)
arm_skels := $(bpf_src:bpf/%.bpf.c=$(B)/arm64/gen/%.skel.h)
arm_user := $(user_src:%.c=$(B)/arm64/%.o)

# --- stamps --------------------------------------------------------------------------------------
# What a command line depends on beside files: a stamp is rewritten when its text changes, and what
# was made with the old text is made again. Done while parsing, so that an up-to-date tree runs
# nothing.

empty :=
# strip: GNU make 4.3 sometimes leaves the newline at the end of what $(file <) reads.
squash = x$(subst $(empty) $(empty),_,$(strip $(1)))x
# name, text
stamp = $(if $(findstring $(call squash,$(2)),$(call squash,$(file <$(B)/stamp/$(1)))),,\
	$(shell mkdir -p $(B)/stamp)$(file >$(B)/stamp/$(1),$(2)))

# Goals that build nothing themselves, perhaps as root in somebody else's tree.
no_build := clean help deps test-deps test check unit fuzz arm64 cli test-guests try
ifneq ($(filter-out $(no_build),$(or $(MAKECMDGOALS),all)),)
# Only in a checkout of its own: not the version of a tree this one was unpacked into.
GIT_VERSION := $(if $(wildcard .git),$(shell GIT_OPTIONAL_LOCKS=0 \
	scripts/as.sh owner git describe --always --dirty --exclude='*' 2>/dev/null))
FULL_VERSION := $(VERSION)$(GIT_VERSION:%=+g%)
$(call stamp,version,$(FULL_VERSION))
$(call stamp,bpf,$(CLANG) $(BPF_FLAGS) $(LLVM_STRIP) $(BPFTOOL))
$(call stamp,user,$(CC) $(USER_FLAGS))
$(call stamp,link,$(CC) $(USER_LD) $(LIBS) $(user_obj))
$(call stamp,asan,$(CC) $(TEST_FLAGS))
$(call stamp,asan-link,$(CC) $(SAN) $(LIBS) $(asan_obj))
$(call stamp,fuzz,$(CLANG) $(FUZZ_FLAGS) $(LIBS) $(fuzz_obj))
$(call stamp,victims,$(CC) $(VICTIM_FLAGS))
$(call stamp,bench,$(CC) $(BENCH_FLAGS) $(LIBS))
$(call stamp,arm64,$(CLANG) $(ARM_BPF_FLAGS) $(CROSS_CC) $(ARM_FLAGS))
endif

# --- the program ---------------------------------------------------------------------------------

.PHONY: all
all: $(B)/memtrace ## build build/memtrace (the default)

$(B)/memtrace: $(user_obj) $(B)/stamp/link
	$(call say,LINK,$@) $(CC) $(CFLAGS) $(USER_LD) -o $@ $(user_obj) $(LIBS)

$(B)/user/%.o: user/%.c $(B)/stamp/user | $(generated)
	@mkdir -p $(@D)
	$(call say,CC,$<) $(CC) $(USER_FLAGS) $(dep) -c -o $@ $<

$(B)/gen/version.h: $(B)/stamp/version
	@mkdir -p $(@D)
	$(Q)printf '#define MEMTRACE_VERSION "%s"\n' '$(FULL_VERSION)' >$@

# The unit as a string: an installed binary has no tree beside it.
$(B)/gen/boot_service.h: scripts/systemd/boot-diagnostics.service
	@mkdir -p $(@D)
	$(Q){ echo 'static const char boot_service_text[] ='; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@

# DWARF stays behind, BTF is kept.
$(B)/bpf/%.bpf.o: bpf/%.bpf.c $(B)/stamp/bpf
	@mkdir -p $(@D)
	$(call say,BPF,$<) $(CLANG) $(BPF_FLAGS) $(dep) -c -o $@ $< && $(LLVM_STRIP) -g $@

$(B)/gen/%.skel.h: $(B)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL,$@) $(BPFTOOL) gen skeleton $< name $*_bpf >$@

# --- tests ---------------------------------------------------------------------------------------
# tests/run runs the stages in tests/stage/ and adds them up; each stage builds what it needs, so
# that one that does not build costs itself alone.

.PHONY: test check unit cli fuzz arm64 test-guests
test: ## install what the tests need, build, run every test
	$(Q)scripts/deps.sh build test
	$(Q)tests/run

check: ## style checks only
	$(Q)tests/run check
unit: ## unit tests (cmocka, with address and undefined behaviour sanitizers)
	$(Q)tests/run unit
fuzz: ## each fuzz target for a fixed number of inputs
	$(Q)tests/run fuzz
arm64: ## compile for arm64: BPF side and user space, without linking
	$(Q)tests/run arm64
cli: ## command line and victim tests (bats; as root)
	$(Q)tests/run cli
test-guests: ## other kernels in guests (qemu), all of them and every case
	$(Q)GUESTS=$(or $(GUESTS),full) V=1 STAGE_LIMIT=3600 tests/run guests

.PHONY: unit-programs fuzz-programs arm64-bpf arm64-user
unit-programs: $(unit_bin)
fuzz-programs: $(fuzz_bin)
arm64-bpf: $(arm_bpf) $(arm_skels)
arm64-user: $(arm_user)

$(B)/asan/user/%.o: user/%.c $(B)/stamp/asan | $(generated)
	@mkdir -p $(@D)
	$(call say,CC asan,$<) $(CC) $(ASAN_FLAGS) $(dep) -c -o $@ $<

$(B)/tests/unit/%.o: tests/unit/%.c $(B)/stamp/asan | $(generated)
	@mkdir -p $(@D)
	$(call say,CC asan,$<) $(CC) $(TEST_FLAGS) $(dep) -c -o $@ $<

# Archives: a test links what it uses. Made anew, or a member whose source is gone would stay.
$(B)/asan/memtrace.a: $(asan_obj) $(B)/stamp/asan-link
	$(Q)rm -f $@ && $(AR) rcs $@ $(asan_obj)

$(unit_bin): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/asan/memtrace.a
	$(call say,LINK,$@) $(CC) $(SAN) -o $@ $^ $(LIBS) $(cmocka_libs)

$(B)/fuzz/user/%.o: user/%.c $(B)/stamp/fuzz | $(generated)
	@mkdir -p $(@D)
	$(call say,CC fuzz,$<) $(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(dep) -c -o $@ $<

$(B)/fuzz/memtrace.a: $(fuzz_obj) $(B)/stamp/fuzz
	$(Q)rm -f $@ && $(AR) rcs $@ $(fuzz_obj)

$(fuzz_bin): $(B)/fuzz/%: tests/fuzz/%.c $(B)/fuzz/memtrace.a
	@mkdir -p $(@D)
	$(call say,FUZZ,$@) $(CLANG) $(FUZZ_FLAGS) -Wno-missing-prototypes -fsanitize=fuzzer $(dep) \
		-o $@ $< $(B)/fuzz/memtrace.a $(LIBS)

.PHONY: victims
victims: $(victim_bin) ## build the known-answer programs, in place: tests/victims/NAME

$(victim_bin): tests/victims/%: tests/victims/%.c $(B)/stamp/victims
	@mkdir -p $(B)/victims
	$(call say,VICTIM,$@) $(CC) $(VICTIM_FLAGS) -MMD -MP -MF $(B)/victims/$*.d -o $@ $< -lm

$(B)/arm64/bpf/%.bpf.o: bpf/%.bpf.c $(B)/stamp/arm64
	@mkdir -p $(@D)
	$(call say,BPF arm,$<) $(CLANG) $(ARM_BPF_FLAGS) $(dep) -c -o $@ $< && $(LLVM_STRIP) -g $@

$(B)/arm64/gen/%.skel.h: $(B)/arm64/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL arm,$@) $(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(B)/arm64/user/%.o: user/%.c $(B)/stamp/arm64 | $(arm_skels) $(B)/gen/version.h $(B)/gen/boot_service.h
	@mkdir -p $(@D)
	$(call say,CC arm,$<) $(CROSS_CC) $(ARM_FLAGS) $(dep) -c -o $@ $<

# --- benchmarks ----------------------------------------------------------------------------------

.PHONY: bench bench-programs
bench: all victims bench-programs ## what memtrace costs: paired runs, as root, a quiet machine
	$(Q)scripts/as.sh root tests/bench/run
bench-programs: $(bench_bin)

$(B)/bench/%.bpf.o: tests/bench/%.bpf.c $(B)/stamp/bpf
	@mkdir -p $(@D)
	$(call say,BPF,$<) $(CLANG) $(BPF_FLAGS) $(dep) -c -o $@ $< && $(LLVM_STRIP) -g $@

$(B)/bench/%.skel.h: $(B)/bench/%.bpf.o
	$(call say,SKEL,$@) $(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(bench_bin): $(B)/bench/%: tests/bench/%.c $(B)/stamp/bench | $(bench_skels)
	@mkdir -p $(@D)
	$(call say,BENCH,$@) $(CC) $(BENCH_FLAGS) $(dep) -o $@ $< $(LIBS)

# --- around it -----------------------------------------------------------------------------------

.PHONY: deps test-deps
deps: ## install the build dependencies (Debian, Ubuntu, Fedora, RHEL families)
	$(Q)scripts/deps.sh build
test-deps: ## install what the tests need as well
	$(Q)scripts/deps.sh build test

# A second make, as the first one looked for tools before they were installed.
.PHONY: try
try: deps ## install, build, and trace a growing program on this machine
	$(Q)scripts/as.sh owner $(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc)) \
		-s --no-print-directory all victims
	$(Q)scripts/demo.sh

man_pages = $(wildcard scripts/*.8 scripts/man/*.8)
completions = $(wildcard scripts/completion/memtrace.bash scripts/memtrace.bash)

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX)
	$(Q)install -D -m 0755 $(B)/memtrace $(DESTDIR)$(BINDIR)/memtrace
	$(Q)$(foreach m,$(man_pages),install -D -m 0644 $(m) \
		$(DESTDIR)$(MANDIR)/man8/$(notdir $(m)) &&) true
	$(Q)$(foreach c,$(completions),install -D -m 0644 $(c) \
		$(DESTDIR)$(COMPLETIONDIR)/memtrace &&) true

.PHONY: clean
clean: ## remove what was built
	$(Q)rm -rf $(B) $(victim_bin)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@echo '  V=1 shows commands; DESTDIR, PREFIX, CC, CLANG, BPFTOOL, CFLAGS are honoured'

-include $(shell [ -d $(B) ] && find $(B) -name '*.d' -type f)
