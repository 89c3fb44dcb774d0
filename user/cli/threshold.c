/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/threshold.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "analyze/alert.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/str.h"
#include "cli/option_table.h"

#define CONFIG_MAX_BYTES (64 * 1024)
#define BLANKS " \t\r"

static int parse_percent(const char *value, uint64_t *ret)
{
	char digits[16];
	size_t len = strlen(value);

	if (len && value[len - 1] == '%')
		len--;
	if (len >= sizeof(digits))
		return -EINVAL;
	snprintf(digits, sizeof(digits), "%.*s", (int)len, value);
	return parse_u64(digits, ret);
}

static const struct {
	int (*parse)(const char *value, uint64_t *ret);
	const char *is;
} units[_ALERT_UNIT_MAX] = {
	[ALERT_PERCENT] = {parse_percent, "a whole number of percent"},
	[ALERT_BYTES] = {parse_size, "a size (0, 512K, 64M, 2G)"},
	[ALERT_COUNT] = {parse_u64, "a number"},
};

static void list_names(char why[static THRESHOLD_WHY_SIZE], const char *name)
{
	char shown[64];
	int len = snprintf(why, THRESHOLD_WHY_SIZE, "'%s' is no alert; known:",
			   safe_text(shown, sizeof(shown), name, strlen(name)));

	for (int kind = 0; kind < _ALERT_KIND_MAX && len < THRESHOLD_WHY_SIZE; kind++)
		len += snprintf(why + len, THRESHOLD_WHY_SIZE - len, " %s", alert_kind_names[kind]);
}

int threshold_set(const char *text, uint64_t thresholds[_ALERT_KIND_MAX], uint32_t *set,
		  char why[static THRESHOLD_WHY_SIZE])
{
	const char *equals = strchr(text, '=');
	char name[64], shown[64];
	enum alert_kind kind;

	if (!equals) {
		snprintf(why, THRESHOLD_WHY_SIZE, "'%s' is not NAME=VALUE",
			 safe_text(shown, sizeof(shown), text, strlen(text)));
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	if (alert_kind_find(name, &kind)) {
		list_names(why, name);
		return -EINVAL;
	}
	if (units[alert_defs[kind].unit].parse(equals + 1, &thresholds[kind])) {
		snprintf(why, THRESHOLD_WHY_SIZE, "'%s' for %s is not %s",
			 safe_text(shown, sizeof(shown), equals + 1, strlen(equals + 1)), name,
			 units[alert_defs[kind].unit].is);
		return -EINVAL;
	}
	*set |= 1u << kind;
	return 0;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		*--end = '\0';
	return text;
}

static int take_line(char *text, struct options *o, char why[static THRESHOLD_WHY_SIZE])
{
	uint64_t read[_ALERT_KIND_MAX];
	char line[256], *name, *value;
	uint32_t set = 0;
	int err;

	text[strcspn(text, "#")] = '\0';
	name = trim(text);
	if (!*name)
		return 0;
	value = strchr(name, '=');
	if (value)
		*value++ = '\0';
	snprintf(line, sizeof(line), "%s%s%s", trim(name), value ? "=" : "",
		 value ? trim(value) : "");
	err = threshold_set(line, read, &set, why);
	for (int kind = 0; !err && kind < _ALERT_KIND_MAX; kind++)
		if (set & 1u << kind && !(o->thresholds_given & 1u << kind))
			o->thresholds[kind] = read[kind];
	return err;
}

int config_read(const char *path, struct options *o)
{
	char shown[TYPED_SIZE], why[THRESHOLD_WHY_SIZE];
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(AT_FDCWD, path, &text, &cap, CONFIG_MAX_BYTES);
	unsigned int n = 1;

	if (len < 0)
		return usage_error("--config %s: %s", typed(shown, path), strerror((int)-len));
	for (char *line = text, *next; line; line = next, n++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (take_line(line, o, why))
			return usage_error("%s:%u: %s", typed(shown, path), n, why);
	}
	return 0;
}
