# Packages of Debian that are unpacked rather than installed, so that the system stays as it is: its own Rust compilers (the
# one of its release, and a newer one for its browsers), which cannot be installed beside rustup's, and programs for another
# architecture. Sourced after lib.sh.

# with_apt FOREIGN: sets APT to apt's options, with lists of its own that know the Debian architecture FOREIGN too.
with_apt() {
  need dpkg-deb dpkg
  local place=$CI_TOOLCHAINS/apt
  APT=(-qq -o Acquire::Retries=3 -o APT::Sandbox::User=root -o Dir::State::Lists="$place/lists" -o Dir::Cache="$place/cache"
    -o APT::Architectures::="$(dpkg --print-architecture)" -o APT::Architectures::="$1")
  if [[ ! -e $place/updated ]]; then
    mkdir -p "$place/lists/partial" "$place/cache/archives/partial"
    apt-get "${APT[@]}" update
    touch "$place/updated"
  fi
}

# unpack FOLDER PACKAGE…: downloads the packages and unpacks them into FOLDER/root.
unpack() {
  local place=$1
  mkdir -p "$place/root" "$place/debs"
  (cd "$place/debs" && apt-get "${APT[@]}" download "${@:2}" && for deb in *.deb; do dpkg-deb -x "$deb" "$place/root"; done)
  rm -rf "$place/debs"
}

# debian_rust VERSION [FOREIGN]: the newest rustc of Debian whose version begins with VERSION ("" for the newest of all), with
# the standard library of the Debian architecture FOREIGN too. Sets DEBIAN_RUST to the folder of its rustc.
debian_rust() {
  local foreign=${2:-} version std llvm
  local place=$CI_TOOLCHAINS/rust-${1:-newest}${foreign:+-$foreign}
  DEBIAN_RUST=$place/bin
  if [[ ! -e $place/complete ]]; then
    rm -rf "$place"
    with_apt arm64
    version=$(apt-cache "${APT[@]}" madison rustc-web | awk -F' *[|] *' '{ print $2 }' | grep "^${1//./\\.}" | sort -V | tail -1) ||
      die "Debian has no rustc-web $1"
    say "unpacking Debian's rustc $version${foreign:+ with the standard library of $foreign}"
    # The program, the standard library, the compiler itself, and the LLVM that the compiler is linked with.
    std=$(depends libstd-rust-web-dev "$version" 'libstd-rust-web-[0-9.]+')
    llvm=$(depends "$std" "$version" 'libllvm[0-9]+')
    unpack "$place" "rustc-web=$version" "libstd-rust-web-dev=$version" "$std=$version" "$llvm" \
      ${foreign:+"libstd-rust-web-dev:$foreign=$version"}
    mkdir "$place/bin"
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' \
      "$place/root/usr/lib/$(gcc -print-multiarch)" "$place/root/usr/bin/rustc" >"$place/bin/rustc"
    chmod +x "$place/bin/rustc"
    "$place/bin/rustc" --version >/dev/null || die "Debian's rustc does not start; see its libraries in install.sh"
    touch "$place/complete"
  fi
  "$DEBIAN_RUST/rustc" --version
}

# depends PACKAGE VERSION PATTERN: the one of its dependencies that matches.
depends() {
  apt-cache "${APT[@]}" show "$1=$2" | grep '^Depends:' | grep -oE "$3" | head -1
}
