/* SPDX-License-Identifier: GPL-2.0-or-later */
int  x(void)
{
    return 0;
}
