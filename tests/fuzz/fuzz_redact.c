/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redactor r = {0};
	struct strbuf out = {0};
	char field[64] = {0};

	if (redactor__add(&r, "alice", REDACTED_USER))
		abort();
	redact_text(&r, (const char *)data, size, &out);
	memcpy(field, data, size < sizeof(field) ? size : sizeof(field));
	redact_field(&r, field, sizeof(field));
	strbuf_free(&out);
	redactor__free(&r);
	return 0;
}
