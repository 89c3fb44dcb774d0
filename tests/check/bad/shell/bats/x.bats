#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
@test "x" {
	local file=$1
	rm $file
}
