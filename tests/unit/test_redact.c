/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "analyze/redact.h"
#include "base/cleanup.h"

static void names(struct redactor *r)
{
	assert_int_equal(redactor__add(r, "db7.example.org", REDACTED_HOST), 0);
	assert_int_equal(redactor__add(r, "db7", REDACTED_HOST), 0);
	assert_int_equal(redactor__add(r, "alice", REDACTED_USER), 0);
	assert_int_equal(redactor__add(r, "root", REDACTED_USER), 0);
}

/* Twice: what is redacted stays as it is. */
static void becomes(const char *from, const char *to)
{
	_cleanup_(redactor__free) struct redactor r = {0};
	_cleanup_(strbuf_free) struct strbuf out = {0}, again = {0};

	names(&r);
	redact_text(&r, from, strlen(from), &out);
	if (strcmp(out.s, to))
		fail_msg("'%s' became '%s', not '%s'", from, out.s, to);
	redact_text(&r, out.s, out.len, &again);
	assert_string_equal(again.s, to);
}

static void what_goes(void **state)
{
	becomes("on db7 and DB7.example.org.", "on <host> and <host>.");
	becomes("user alice, alice2, malice", "user <user>, alice2, malice");
	becomes("from 10.1.2.3:22 to 192.168.0.1.", "from <address>:22 to <address>.");
	becomes("fe80::1 2001:db8:0:0:0:0:0:1 ::1", "<address> <address> <address>");
	becomes("link/ether 00:1a:2B:3c:4d:5e", "link/ether <address>");
	becomes("mail bob.x@mail.example.com", "mail <email>");
	becomes("--password=hunter2 --db x", "--password=<secret> --db x");
	becomes("DB_PASSWORD='two words' y", "DB_PASSWORD='<secret>' y");
	becomes("--token abc123 --port 80", "--token <secret> --port 80");
	becomes("\"api_key\": \"k-1\"", "\"api_key\": \"<secret>\"");
	becomes("http://u:p@h/x", "http://<secret>@h/x");
	becomes("key AKIAIOSFODNN7EXAMPLE", "key <secret>");
	becomes("/home"
		"/alice/src/app.py:12",
		"/home/<path>:12");
	becomes("cat /root"
		"/notes.txt",
		"cat /root/<path>");
}

static void bearer(void **state)
{
	_cleanup_(redactor__free) struct redactor r = {0};
	_cleanup_(strbuf_free) struct strbuf out = {0};
	const char text[] = "Authorization: Bearer abc.def -o x";

	redact_text(&r, text, strlen(text), &out);
	assert_null(strstr(out.s, "abc.def"));
	assert_non_null(strstr(out.s, "-o x"));
}

static void what_stays(void **state)
{
	static const char *const same[] = {"kernel 6.12.107+deb13-amd64",
					   "1.2.3.4.5 is a version",
					   "at 04:30:34.546Z",
					   "std::vector<int>::push_back",
					   "getty@tty1.service",
					   "root's /var/log/x",
					   "a 300.1.2.3 b",
					   "/homes/alice2",
					   "",
					   "256 MiB at 12:30"};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		_cleanup_(redactor__free) struct redactor r = {0};
		_cleanup_(strbuf_free) struct strbuf out = {0};

		names(&r);
		redact_text(&r, same[i], strlen(same[i]), &out);
		assert_string_equal(out.s ?: "", same[i]);
	}
}

static void counts_and_off(void **state)
{
	_cleanup_(redactor__free) struct redactor r = {0}, off = {.off = true};
	char field[16] = "alice's", full[5] = {'a', 'l', 'i', 'c', 'e'}, kept[16] = "alice";

	names(&r);
	names(&off);
	redact_field(&r, field, sizeof(field));
	assert_string_equal(field, "<user>'s");
	redact_field(&r, full, sizeof(full)); /* not terminated, and cut */
	assert_memory_equal(full, "<use", 5);
	assert_int_equal(r.n[REDACTED_USER], 2);
	redact_field(&off, kept, sizeof(kept));
	assert_string_equal(kept, "alice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes),
		cmocka_unit_test(bearer),
		cmocka_unit_test(what_stays),
		cmocka_unit_test(counts_and_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
