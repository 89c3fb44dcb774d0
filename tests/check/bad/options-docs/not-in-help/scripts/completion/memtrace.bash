# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_memtrace() {
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--pid | -p) ;;
	--format) COMPREPLY=(text json) ;;
	--no-source) COMPREPLY=(page) ;;
	*) if [[ ${COMP_WORDS[COMP_CWORD]} == = ]]; then
		COMPREPLY=(text json)
	else
		COMPREPLY=(--pid -p --format)
	fi ;;
	esac
}
