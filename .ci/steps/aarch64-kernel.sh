#!/usr/bin/env bash
# The same tests with LuaJIT on aarch64 under a kernel of its own, which hands out 48-bit addresses where LuaJIT can store only
# 47 bits; under qemu-user all addresses are low. Debian's kernel starts in qemu-system with the test programs in its first
# file system.
source "$(dirname "$0")/lib.sh"
source .ci/steps/debian.sh
source .ci/steps/cross.sh

need qemu-system-aarch64 qemu-system-arm
need qemu-aarch64 qemu-user
# A million handles take too long on two emulated processors that wait for each other.
cross_to_aarch64 leaks

machine=$CI_TOOLCHAINS/machine-arm64
if [[ ! -e $machine/complete ]]; then
  rm -rf "$machine"
  with_apt arm64
  kernel=$(apt-cache "${APT[@]}" depends linux-image-cloud-arm64:arm64 | awk '/Depends:/ { print $2; exit }')
  say "unpacking Debian's $kernel"
  unpack "$machine" "$kernel" busybox-static:arm64
  touch "$machine/complete"
fi
kernel=$(echo "$machine"/root/boot/vmlinuz-*)

choose luajit vendored
root=$CI_TARGET_DIR/aarch64-root
rm -rf "$root"
mkdir -p "$root"/{bin,lib,proc,dev,tmp,t} "$root$PWD" "$root$CARGO_TARGET_DIR/aarch64-unknown-linux-gnu/tmp"
cp "$machine/root/bin/busybox" "$root/bin"
ln -s busybox "$root/bin/sh"
for library in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libgcc_s.so.1; do
  cp -L "/usr/aarch64-linux-gnu/lib/$library" "$root/lib"
done
# The files that tests read are found where they are here.
git ls-files -z tests examples ffi_defs src | tar -c --null -T - | tar -x -C "$root$PWD"
programs=()
while read -r program; do
  programs+=("$(basename "$program")")
  aarch64-linux-gnu-strip -g -o "$root/t/$(basename "$program")" "$program"
done < <(cargo test "${CROSS[@]}" "${FEATURES[@]}" --no-run --message-format=json-render-diagnostics | grep -oE '"executable":"[^"]+"' | cut -d'"' -f4)
((${#programs[@]})) || die "no test program was built"

cat >"$root/init" <<END
#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin HOME=/tmp
ip link set lo up
cd '$PWD'
for program in /t/*; do
  echo "     Running \$(basename \$program)"
  \$program
  echo "exit \$? of \$(basename \$program)"
done
poweroff -f
END
chmod +x "$root/init"
(cd "$root" && find . | qemu-aarch64 "$machine/root/bin/busybox" cpio -o -H newc 2>/dev/null) >"$CI_TARGET_DIR/aarch64-root.cpio"
log=$CI_TARGET_DIR/aarch64-kernel.log
timeout --foreground 1800 qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 2 -m 2048 -nographic -nic none -no-reboot \
  -kernel "$kernel" -initrd "$CI_TARGET_DIR/aarch64-root.cpio" -append "console=ttyAMA0 quiet panic=-1" </dev/null | stdbuf -oL tr -d '\r' | tee "$log"
for program in "${programs[@]}"; do
  grep -q "^exit 0 of $program\$" "$log" || die "$program did not end well"
done
