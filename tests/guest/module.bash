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

# The programs of kbuild may want a newer C library than this machine has: that of their suite.
module_programs() {
	local into=$1 suite=${2%-security} program loader
	while read -r program; do
		# No pipe: ldd fails where something is not found.
		[[ $(ldd "$program" 2>&1) == *GLIBC_*"not found"* ]] || continue
		if [[ ! -d $into/libc ]]; then
			apt_suite_ready "$suite" && mkdir "$into/libc" || return 1
			(cd "$into/libc" && apt_suite "$suite" apt-get download libc6) &&
				dpkg-deb -x "$into"/libc/libc6_*.deb "$into/libc" || return 1
			rm -f "$into"/libc/*.deb
		fi
		loader=$(find "$into/libc" -type f -name ld-linux-x86-64.so.2 -print -quit)
		mv "$program" "$program.bin"
		printf '#!/bin/sh\nexec %q --library-path %q %q "$@"\n' "$loader" "${loader%/*}" "$program.bin" \
			>"$program"
		chmod +x "$program"
	done < <(find "$into/usr/lib" -type f -perm -u+x ! -name '*.bin')
}

# Sets why_not when there are none.
module_headers() {
	local kernel=$1 version place suite packages into=$1/headers
	version=$(cat "$kernel/version")
	shift
	# Looked at again: headers may have been kept before programs were made to run here.
	if [[ $(cat "$into/version" 2>/dev/null) == "$version" ]]; then
		module_programs "$into" "${1%%:*}" >>"$into/log" 2>&1
		return
	fi
	rm -rf "$into" && mkdir -p "$into"
	why_not="no archive has the headers of $version"
	for place; do
		suite=${place%%:*}
		apt_suite_ready "$suite" || continue
		mapfile -t packages < <(module_packages "$suite" "$version" 2>/dev/null)
		((${#packages[@]} > 1)) || continue
		if (cd "$into" && apt_suite "$suite" apt-get download "${packages[@]}") >"$into/log" 2>&1 &&
			module_headers_unpack "$into" >>"$into/log" 2>&1 &&
			module_programs "$into" "$suite" >>"$into/log" 2>&1; then
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
	# Debian's makefiles ask for the compiler that the kernel was built with; types (BTF) of the module
	# would take pahole, and nobody reads them.
	make -s -C "$headers" M="$(realpath "$into")" CC="$(realpath "$into")/cc" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$into/log" 2>&1 ||
		echo "no module for $(cat "$kernel/version"): $(grep -m 1 -iE 'error|not found' "$into/log")" \
			>"$into/why_not"
}
