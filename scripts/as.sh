#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# as.sh owner|root COMMAND [ARG...]
#
# owner: as whoever owns the checkout, so that `sudo scripts/try` leaves no files of root in a
#        user's tree. root: through sudo when not root.
set -eu

who=$1
shift
uid=$(id -u)

case $who in
owner)
	owner=$(stat -c %U .)
	if [ "$uid" -ne 0 ] || [ "$owner" = root ] || [ "$owner" = UNKNOWN ] ||
		! command -v runuser >/dev/null; then
		exec "$@"
	fi
	exec runuser -u "$owner" -- "$@"
	;;
root)
	[ "$uid" -ne 0 ] || exec "$@"
	if ! command -v sudo >/dev/null; then
		echo "$(basename "$1"): needs root, and there is no sudo: run this as root" >&2
		exit 1
	fi
	exec sudo -- "$@"
	;;
*)
	echo "as.sh: owner or root, not '$who'" >&2
	exit 2
	;;
esac
