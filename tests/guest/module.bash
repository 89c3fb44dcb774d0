# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A kernel module of our own, tests/guest/module, built with this machine's compiler against the
# headers that Debian packages for a guest's kernel, which are kept beside the kernel.
#
#   module_make KERNEL_DIR INTO SUITE:VERSION...   leaves INTO/memtrace_leak.ko, or INTO/why_not
#
# Wants tests/guest/kernels.bash.
# shellcheck disable=SC2154 # what it wants

# The packages with a kernel's headers: of its flavour, of all flavours, and the programs of kbuild
module_packages() {
	local suite=$1 version=$2
	echo "linux-headers-$version"
	apt_suite "$suite" apt-cache depends --important "linux-headers-$version" |
		sed -n 's/^ *Depends: \(linux-\(headers\|kbuild\)-[^ ]*\)$/\1/p'
}

# The makefiles name each other by where packages put them.
module_headers_unpack() {
	local into=$1 package makefile
	for package in "$into"/*.deb; do
		dpkg-deb -x "$package" "$into" || return 1
	done
	rm -f "$into"/*.deb
	for makefile in "$into"/usr/src/linux-headers-*/{Makefile,.kernelvariables}; do
		[[ ! -f $makefile ]] || sed -i "s|\([ =]\)/usr/|\1$into/usr/|g" "$makefile"
	done
}

# Sets why_not when there are none.
module_headers() {
	local kernel=$1 version place suite packages into=$1/headers
	version=$(cat "$kernel/version")
	shift
	[[ $(cat "$into/version" 2>/dev/null) != "$version" ]] || return 0
	rm -rf "$into" && mkdir -p "$into"
	why_not="no archive has the headers of $version"
	for place; do
		suite=${place%%:*}
		apt_suite_ready "$suite" || continue
		mapfile -t packages < <(module_packages "$suite" "$version" 2>/dev/null)
		((${#packages[@]} > 1)) || continue
		if (cd "$into" && apt_suite "$suite" apt-get download "${packages[@]}") >"$into/log" 2>&1 &&
			module_headers_unpack "$into" >>"$into/log" 2>&1; then
			echo "$version" >"$into/version"
			return 0
		fi
		why_not="headers of $version: $(tail -n 1 "$into/log")"
	done
	return 1
}

module_make() {
	local kernel=$1 into=$2 headers why_not=''
	shift 2
	rm -rf "$into" && mkdir -p "$into"
	if ! module_headers "$kernel" "$@"; then
		echo "$why_not" >"$into/why_not"
		return
	fi
	headers=$kernel/headers/usr/src/linux-headers-$(cat "$kernel/version")
	cp tests/guest/module/* "$into/"
	# Debian's makefiles ask for the compiler that the kernel was built with.
	make -s -C "$headers" M="$(realpath "$into")" CC=gcc modules >"$into/log" 2>&1 ||
		echo "no module for $(cat "$kernel/version"): $(grep -m 1 -iE 'error|not found' "$into/log")" \
			>"$into/why_not"
}
