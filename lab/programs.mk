# SPDX-License-Identifier: GPL-2.0-only
# The programs that the demo and the bench run in the machine, linked with the
# selftests' library. scripts/programs calls this with TREE, HEADERS, OUT and CROSS.

LIB := $(TREE)/tools/testing/selftests/vfio/lib
LIB_C := $(sort $(wildcard $(LIB)/*.c $(LIB)/drivers/*/*.c))
LIB_O := $(LIB_C:$(LIB)/%.c=$(OUT)/lib/%.o)
PROGRAMS := demo bench
PROGRAMS_C := $(wildcard $(PROGRAMS:%=lab/%/*.c))
objects = $(patsubst %.c,$(OUT)/%.o,$(wildcard lab/$(1)/*.c))

CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wstrict-prototypes -Werror -D_GNU_SOURCE= -MMD -isystem $(HEADERS)/usr/include \
	-I$(LIB)/include -I$(TREE)/tools/include -I$(TREE)/tools/testing/selftests

all: $(PROGRAMS:%=$(OUT)/%)

$(OUT)/lib/%.o: $(LIB)/%.c
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) -Wno-format-truncation -c -o $@ $<

$(OUT)/lab/%.o: lab/%.c lab/programs.mk
	@mkdir -p $(@D)
	$(CROSS)gcc $(CFLAGS) -c -o $@ $<

.SECONDEXPANSION:
$(PROGRAMS:%=$(OUT)/%): $(OUT)/%: $$(call objects,$$*) $(LIB_O)
	$(CROSS)gcc -static -pthread -o $@ $^

-include $(PROGRAMS_C:%.c=$(OUT)/%.d) $(LIB_O:.o=.d)

.PHONY: all
.DELETE_ON_ERROR:
