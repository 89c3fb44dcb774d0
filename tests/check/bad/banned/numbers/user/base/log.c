/* SPDX-License-Identifier: GPL-2.0-or-later */
int x(const char *s)
{
	return atoi(s);
}
