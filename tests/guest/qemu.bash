# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

# Not "max": with it some kernels crash now and then, in qemu 7.2's cmpxchg16b.
# shellcheck disable=SC2034 # for kernels.bash
guest_deb_arch=amd64

guest_cpu=Nehalem-v1,-cx16
guest_memory=1024
# Two processors that take turns in one thread: run in two threads, a guest's processors now and then
# see instructions that the kernel is just patching (int3 oopses in traced functions).
guest_accel=tcg,thread=single
guest_cpus=2

# guest_qemu DISK INITRD KERNEL CONSOLE OUT CMDLINE: becomes qemu
guest_qemu() {
	exec qemu-system-x86_64 -accel "$guest_accel" -cpu "$guest_cpu" -m "$guest_memory" \
		-smp "$guest_cpus" -nographic -nodefaults -no-reboot -monitor none \
		-serial "file:$4" -serial "file:$5" -drive "file=$1,format=raw,if=virtio,cache=unsafe" \
		-kernel "$3" -initrd "$2" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 no_timer_check $6" </dev/null
}

# guest_boot DIR KERNEL_DIR IMAGE CMDLINE SECONDS JOB
# Boots it and leaves in DIR: console (the kernel's words), out (the job's), qemu, status.
guest_boot() {
	local dir=$1 kernel=$2 image=$3 cmdline=$4 seconds=$5 job=$6 pid status=0
	mkdir -p "$dir"
	rm -f "$dir"/*
	image_initrd "$dir/initrd" "$kernel" "$job"
	cp --sparse=always "$image" "$dir/disk"
	guest_qemu "$dir/disk" "$dir/initrd" "$kernel/vmlinuz" "$dir/console" "$dir/out" "$cmdline" \
		>"$dir/qemu" 2>&1 &
	pid=$!
	while kill -0 $pid 2>/dev/null && ((seconds-- > 0)); do
		sleep 1
	done
	kill -KILL $pid 2>/dev/null
	wait $pid || status=$?
	rm -f "$dir/disk" "$dir/initrd"
	echo "$status" >"$dir/status"
}
