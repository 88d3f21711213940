# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The root file system of a machine: a folder made by mmdebstrap, kept in the cache by a digest of its definition, which
# is this file and guest/. From it, for backends with a kernel of their own, an ext4 file.

readonly DISK_SIZE=8G # sparse

# What a test may use inside. A release's own addition is below.
readonly PACKAGES=(
        systemd systemd-sysv systemd-container dbus dbus-user-session libpam-systemd libnss-systemd libnss-mymachines
        udev kmod iproute2 procps util-linux curl socat jq attr libcap2-bin openssl nftables
        iputils-ping
        squashfs-tools erofs-utils e2fsprogs fdisk cryptsetup-bin
        frr # for machines, on both sides
        # what gourd itself is linked with
        libglib2.0-0 libssl3 libjansson4 libisal2 libdeflate0 libzstd1 liblzma5 liblz4-1 libsquashfs1
        libcurl4 libsystemd0 libseccomp2 libcryptsetup12 libyaml-0-2 libarchive13
)
# Units that a throw-away machine can do without.
readonly MASKED=(
        apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
        fstrim.timer getty@tty1.service console-getty.service systemd-firstboot.service
        systemd-networkd-wait-online.service
)
# Units that tests start where they need them.
readonly DISABLED=(frr.service)

packages_of() {
        local names=("${PACKAGES[@]}")
        case $1 in
        bookworm) names+=(rpm) ;; # machine-rpm.test makes a host of it that has packages of rpm alone
        *) names+=(systemd-cryptsetup systemd-repart) ;;
        esac
        (IFS=, && echo "${names[*]}")
}

# rootfs_key RELEASE: names the definition.
rootfs_key() {
        local digest
        digest=$(cat "$BED/rootfs.sh" "$BED"/guest/* | sed '/^ *#/d' | sha256sum)
        echo "$1-${digest:0:12}"
}

# The Debian mirror that this machine's apt uses, for any release.
debian_mirror() {
        # shellcheck disable=SC2016 # apt's variables
        local ask=(apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)' 'Created-By: Packages') found
        found=$("${ask[@]}" | sed -nE 's/^Debian\|([^|]*)\|[a-z]*$/\1/p' | head -n 1)
        if [ -z "$found" ]; then
                apt-get -q -o DPkg::Lock::Timeout=600 update >&2
                found=$("${ask[@]}" | sed -nE 's/^Debian\|([^|]*)\|[a-z]*$/\1/p' | head -n 1)
        fi
        [ -n "$found" ] || die "apt knows no Debian mirror: see /etc/apt/sources.list"
        echo "$found"
}

# Prints the folder of a release's root file system, made now if it is not there.
rootfs_build() {
        local release=$1 folder old
        folder=$CACHE/root.$(rootfs_key "$release")
        if [ ! -d "$folder" ]; then
                say "making a root file system of $release"
                rm -rf --one-file-system "$folder.new"
                make_root "$release" "$folder.new"
                for old in "$CACHE/root.$release"-????????????; do
                        [ ! -d "$old" ] || in_use "$old" || rm -rf --one-file-system "$old"
                done
                mv "$folder.new" "$folder"
        fi
        echo "$folder"
}

make_root() {
        local release=$1 root=$2 log=$CACHE/mmdebstrap.$1.log mirror
        need_program mmdebstrap mmdebstrap
        mirror=$(debian_mirror)
        # A mirror may be a dated copy, hence no check of the date.
        mmdebstrap --mode=root --variant=minbase --format=directory --include="$(packages_of "$release")" \
                --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
                --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Check-Valid-Until "false"' \
                --aptopt='Acquire::Check-Date "false"' --aptopt='APT::Install-Recommends "false"' \
                --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
                --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
                "$release" "$root" "$mirror" </dev/null >"$log" 2>&1 9>&- || {
                tail -n 20 "$log" >&2
                die "mmdebstrap failed: see $log"
        }
        adapt_root "$root"
}

adapt_root() {
        local root=$1 unit
        echo testbed >"$root/etc/hostname"
        printf '127.0.0.1 localhost testbed\n::1 localhost\n' >"$root/etc/hosts"
        : >"$root/etc/fstab"
        : >"$root/etc/machine-id"
        mkdir -p "$root/var/log/journal"
        rm -rf "${root:?}"/var/lib/apt/lists/* "$root"/var/cache/apt/*
        for unit in "${MASKED[@]}"; do
                ln -s /dev/null "$root/etc/systemd/system/$unit"
        done
        for unit in "${DISABLED[@]}"; do
                find "$root/etc/systemd/system" -name "$unit" -type l -delete
        done
        install -D -m 755 "$BED/guest/agent" "$root/usr/local/sbin/testbed-agent"
        install -D -m 644 "$BED/guest/agent.service" "$root/etc/systemd/system/testbed-agent.service"
        install -D -m 644 "$BED/guest/udev-trigger.conf" \
                "$root/etc/systemd/system/systemd-udev-trigger.service.d/testbed.conf"
        mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
        ln -s ../testbed-agent.service "$root/etc/systemd/system/multi-user.target.wants/"
}

# disk_build RELEASE BACKEND KERNEL: prints the ext4 file, with the modules of the kernel's folder in it.
disk_build() {
        local release=$1 backend=$2 kernel=$3 root disk
        root=$(rootfs_build "$release")
        disk=$CACHE/disk.$(rootfs_key "$release").$backend
        if [ ! -e "$disk" ]; then
                need_program mke2fs e2fsprogs
                rm -f "$CACHE/disk.$release"-*".$backend" "$disk.new"
                rm -rf --one-file-system "$disk.tree"
                cp -al "$root" "$disk.tree"
                rm -rf "$disk.tree/usr/lib/modules"
                cp -a "$kernel/modules" "$disk.tree/usr/lib/modules"
                truncate -s "$DISK_SIZE" "$disk.new"
                mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$disk.tree" "$disk.new" >&2
                rm -rf --one-file-system "$disk.tree"
                mv "$disk.new" "$disk"
        fi
        echo "$disk"
}
