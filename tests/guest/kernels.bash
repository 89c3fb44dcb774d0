# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Kernels as Debian packages, from the archives that this machine's own apt is configured for, kept
# in a cache outside the tree. apt verifies what it fetches against the signed lists; its state here
# is our own, so that the machine's is left alone and no root is needed.
#
#   kernel_get NAME SUITE:VERSION...   sets kernel_dir (vmlinuz, version, modules/), or why_not
#
# Wants guest_deb_arch and guest_modules, the names of the modules to keep.
# shellcheck disable=SC2034,SC2154 # what it sets and what it wants

guest_cache=${MEMTRACE_CACHE:-}
if [[ -z $guest_cache ]]; then
	if [[ -n ${XDG_CACHE_HOME:-} || $(id -u) -ne 0 ]]; then
		guest_cache=${XDG_CACHE_HOME:-$HOME/.cache}/memtrace
	else
		guest_cache=/var/cache/memtrace
	fi
fi

# A kernel older than this is looked for again; when that fails, the one there is good enough.
kernel_days=${MEMTRACE_KERNEL_DAYS:-14}
kernel_dir='' why_not=''

# Where this machine gets Debian from, by the archive's label: Debian or Debian-Security
apt_archive() {
	local label=$1 uri
	# shellcheck disable=SC2016 # apt's own names
	uri=$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -F'|' -v label="$label" '$1 == label { print $2; exit }')
	[[ -n $uri ]] || return 1
	echo "$uri"
}

apt_keyring() {
	local file
	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[[ ! -r $file ]] || { echo "$file"; return; }
	done
	return 1
}

# apt_suite SUITE apt-get|apt-cache ARG...: with apt's state for that suite
apt_suite() {
	local suite=$1 tool=$2 state=$guest_cache/apt/$1
	shift 2
	"$tool" -q -oDir::Etc::sourcelist="$state/$suite.sources" -oDir::Etc::sourceparts=- \
		-oDir::State="$state" -oDir::State::Lists="$state/lists" \
		-oDir::State::status=/dev/null -oDir::Cache="$state" \
		-oAcquire::Languages=none -oAcquire::Retries=2 -oAcquire::Check-Valid-Until=false \
		-oAPT::Sandbox::User= -oAPT::Update::Post-Invoke::= -oAPT::Update::Post-Invoke-Success::= \
		"$@"
}

# The suite's package list, fetched at most once in a run and once a day.
apt_suite_ready() {
	local suite=$1 state=$guest_cache/apt/$1 label=Debian uri keyring
	[[ $suite != *-security ]] || label=Debian-Security
	[[ -z $(find "$state/lists" -maxdepth 1 -name '*Packages*' -mmin -1440 2>/dev/null) ]] ||
		return 0
	uri=$(apt_archive $label) || { why_not="apt here knows no $label archive"; return 1; }
	keyring=$(apt_keyring) || { why_not="no debian-archive-keyring"; return 1; }
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	printf '%s\n' 'Types: deb' "URIs: $uri" "Suites: $suite" 'Components: main' \
		"Architectures: $guest_deb_arch" "Signed-By: $keyring" >"$state/$suite.sources"
	apt_suite "$suite" apt-get update >"$state/log" 2>&1 &&
		! grep -q '^[WE]: .*Failed' "$state/log" && return 0
	why_not="no list of $suite: $(grep -m 1 '^[WE]:' "$state/log")"
	return 1
}

# The newest cloud kernel of a version prefix, without the package name around it.
kernel_version() {
	local suite=$1 prefix=$2
	if [[ $prefix == newest ]]; then prefix='[0-9]'; else prefix="${prefix//./[.]}[.]"; fi
	apt_suite "$suite" apt-cache search -n "^linux-image-$prefix.*-cloud-$guest_deb_arch\$" |
		sed 's/^linux-image-\([^ ]*\).*/\1/' | sort -V | tail -n 1
}

# Up to 6.18 one package has everything, from then on linux-binary has vmlinuz and linux-modules the
# modules. An old kernel's modules may be gone from the archive: then without.
kernel_fetch() {
	local suite=$1 version=$2 into=$3 package
	for package in "linux-binary-$version" "linux-modules-$version" "linux-image-$version"; do
		if apt_suite "$suite" apt-cache show "$package" >/dev/null 2>&1; then
			(cd "$into" && apt_suite "$suite" apt-get download "$package") || return 1
		fi
	done
	for package in "$into"/*.deb; do
		dpkg-deb -x "$package" "$into/x" || return 1
	done
}

# Leaves what guests need: the image and the modules, not compressed, in one flat directory.
kernel_unpack() {
	local into=$1 image file
	image=$(find "$into/x" -name 'vmlinuz*' -type f | head -n 1)
	[[ -n $image ]] || return 1
	mv "$image" "$into/vmlinuz"
	mkdir -p "$into/modules"
	while read -r file; do
		case $file in
		*.xz) xz -dc "$file" >"$into/modules/$(basename "$file" .xz)" ;;
		*.zst) zstd -dqc "$file" >"$into/modules/$(basename "$file" .zst)" ;;
		*) mv "$file" "$into/modules/" ;;
		esac
	done < <(find "$into/x" -name '*.ko*' | grep -E "/(${guest_modules// /|})\.ko")
	rm -rf "${into:?}/x" "$into"/*.deb
}

kernel_try() {
	local name=$1 suite=${2%%:*} version into
	apt_suite_ready "$suite" || return 1
	version=$(kernel_version "$suite" "${2#*:}")
	[[ -n $version ]] || { why_not="$suite has no kernel ${2#*:}"; return 1; }
	into=$guest_cache/kernels/$name
	if [[ $(cat "$into/version" 2>/dev/null) == "$version" ]]; then
		touch "$into/version"
		return 0
	fi
	rm -rf "$into.new"
	mkdir -p "$into.new"
	if ! kernel_fetch "$suite" "$version" "$into.new" >"$into.new/log" 2>&1 ||
		! kernel_unpack "$into.new" >>"$into.new/log" 2>&1; then
		why_not="$version of $suite: $(tail -n 1 "$into.new/log")"
		return 1
	fi
	echo "$version" >"$into.new/version"
	rm -rf "$into"
	mv "$into.new" "$into"
}

kernel_get() {
	local name=$1 place
	shift
	kernel_dir=$guest_cache/kernels/$name why_not=''
	[[ -z $(find "$kernel_dir/version" -mtime "-$kernel_days" 2>/dev/null) ]] || return 0
	mkdir -p "$guest_cache/kernels"
	for place; do
		kernel_try "$name" "$place" && return 0
	done
	[[ -s $kernel_dir/version ]]
}
