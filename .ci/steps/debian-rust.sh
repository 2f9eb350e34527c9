# Debian's own Rust compilers, of which there is one for each release and a newer one for its browsers. They cannot be
# installed beside rustup's, so they are unpacked, without touching the system. Sourced after lib.sh.

# debian_rust VERSION [FOREIGN]: the newest rustc of Debian whose version begins with VERSION ("" for the newest of all), with
# the standard library of the Debian architecture FOREIGN too. Sets DEBIAN_RUST to the folder of bin/rustc.
debian_rust() {
  local prefix=$1 foreign=${2:-}
  need dpkg-deb dpkg
  local host apt version place
  host=$(dpkg --print-architecture)
  place=$CI_TOOLCHAINS/${prefix:-newest}${foreign:+-$foreign}
  DEBIAN_RUST=$place/bin
  if [[ ! -e $place/complete ]]; then
    rm -rf "$place"
    mkdir -p "$place/bin" "$place/root" "$place/debs" "$CI_TOOLCHAINS/apt/lists/partial" "$CI_TOOLCHAINS/apt/cache/archives/partial"
    # apt with lists of its own: the system's stay as they are, and need not know the foreign architecture.
    apt=(apt-get -qq -o Acquire::Retries=3 -o APT::Sandbox::User=root
      -o Dir::State::Lists="$CI_TOOLCHAINS/apt/lists" -o Dir::Cache="$CI_TOOLCHAINS/apt/cache"
      -o APT::Architectures::="$host" ${foreign:+-o APT::Architectures::="$foreign"})
    "${apt[@]}" update
    version=$(apt-cache "${apt[@]:1}" madison rustc-web | awk -F' *[|] *' '{ print $2 }' | grep "^${prefix//./\\.}" | sort -V | tail -1) ||
      die "Debian has no rustc-web $prefix"
    say "unpacking Debian's rustc $version${foreign:+ with the standard library of $foreign}"
    (
      cd "$place/debs"
      "${apt[@]}" download "rustc-web=$version" "libstd-rust-web-dev=$version" ${foreign:+"libstd-rust-web-dev:$foreign=$version"}
      # What those two stand on: the compiler itself, and the LLVM that it is linked with.
      local std llvm
      std=$(dpkg-deb -f libstd-rust-web-dev_*_"$host".deb Depends | grep -oE 'libstd-rust-web-[0-9.]+' | head -1)
      "${apt[@]}" download "$std=$version"
      llvm=$(dpkg-deb -f "$std"_*.deb Depends | grep -oE 'libllvm[0-9]+' | head -1)
      "${apt[@]}" download "$llvm"
      for deb in *.deb; do dpkg-deb -x "$deb" ../root; done
    )
    rm -rf "$place/debs"
    local program
    for program in rustc rustdoc; do
      printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' \
        "$place/root/usr/lib/$(gcc -print-multiarch)" "$place/root/usr/bin/$program" >"$place/bin/$program"
      chmod +x "$place/bin/$program"
    done
    "$place/bin/rustc" --version || die "Debian's rustc does not start; see its libraries in install.sh"
    touch "$place/complete"
  fi
  "$DEBIAN_RUST/rustc" --version
}
