/* SPDX-License-Identifier: GPL-2.0-or-later */
static void test_x(void **state)
{
	skip();
}
