# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a guest runs: this machine's own programs and libraries, the tree's memtrace and victims, on a
# disk that is made once a run and copied for each guest. An initramfs with the kernel's modules
# finds the disk.

# shellcheck disable=SC2034 # for kernels.bash
guest_modules='virtio virtio_ring virtio_pci virtio_pci_modern_dev virtio_pci_legacy_dev virtio_blk'

# image_add ROOT FILE...: copies them under the same names, and the libraries that they need
image_add() {
	local root=$1 file
	shift
	{
		printf '%s\n' "$@"
		ldd "$@" 2>/dev/null | grep -oE '/[^ :]+\.so[^ :]*'
	} | sort -u | while read -r file; do
		mkdir -p "$root$(dirname "$file")"
		cp -L --remove-destination "$file" "$root$file" # not through a link of busybox's
	done
}

# Where this machine has a library that no program lists
image_library() {
	/sbin/ldconfig -p | awk -v name="$1" '$1 == name && !found++ { print $NF }'
}

image_dirs() {
	local name
	mkdir -p "$1"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,sys,dev,tmp,disk,var/tmp,root,etc,run}
	chmod 1777 "$1/tmp" "$1/var/tmp"
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$1/"
	cp "$(type -P busybox)" "$1/usr/bin/busybox"
	for name in $("$1/usr/bin/busybox" --list); do
		ln -s busybox "$1/usr/bin/$name" 2>/dev/null
	done
}

# image_make FILE: the disk of every guest
image_make() {
	local out=$1 root
	root=$(mktemp -d)
	chmod 755 "$root"
	image_dirs "$root"
	# glibc looks for libgcc_s when a thread ends by pthread_exit.
	image_add "$root" "$(type -P setpriv)" "$(image_library libgcc_s.so.1)" "$PWD/build/memtrace"
	rm "$root/$PWD/build/memtrace"
	mkdir -p "$root/memtrace/build" "$root/memtrace/tests/victims"
	cp build/memtrace "$root/memtrace/build/"
	cp -r tests/guest "$root/memtrace/tests/"
	find tests/victims -type f -executable -exec cp -t "$root/memtrace/tests/victims" {} +
	rm -f "$out"
	truncate -s 1G "$out"
	mkfs.ext4 -q -F -E root_owner=0:0 -d "$root" "$out"
	rm -rf "$root"
}

# A directory with the module of our own (tests/guest/module.bash), which the guest finds in /module
guest_module=

# image_initrd FILE KERNEL_DIR JOB: what mounts that disk and starts the job
image_initrd() {
	local out=$1 kernel=$2 root
	root=$(mktemp -d)
	image_dirs "$root"
	mkdir "$root/modules"
	cp "$kernel"/modules/*.ko "$root/modules/"
	mkdir "$root/module"
	[[ -z $guest_module ]] ||
		find "$guest_module" \( -name 'memtrace_*.ko' -o -name why_not \) -exec cp -t "$root/module" {} +
	cp tests/guest/init "$root/init"
	printf '%s\n' "$3" >"$root/job"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$out"
	rm -rf "$root"
}
