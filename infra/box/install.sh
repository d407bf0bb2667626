#!/bin/sh
# Installs or upgrades Tillpost on one Debian 12 or Ubuntu machine; run it again after each `git pull`.
#
# Usage: sudo sh infra/box/install.sh --host shop.example.com [--litestream] [--dry-run]
#
# It keeps what is there: settings, data, other sites of Caddy. Each version of the program has a folder of its own, so
# that a version that does not become ready is taken back by itself. DESTDIR=/folder writes into a folder instead of the
# machine (tests do that).
set -eu

source=$(cd "$(dirname "$0")/../.." && pwd -P)
root=${DESTDIR:-}
opt=$root/opt/tillpost
etc=$root/etc/tillpost
data=$root/var/lib/tillpost
host='' litestream=no dry=no changed=no
ready_seconds=${READY_SECONDS:-90}

usage() {
    sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0"
}

main() {
    read_options "$@"
    check_machine
    install_packages
    make_user_and_folders
    release=$opt/releases/$(commit)
    install_release
    [ "$litestream" = no ] || install_litestream
    install_settings
    install_units
    install_caddy
    before=$(readlink "$opt/current" 2>/dev/null || true)
    [ "$before" = "$release" ] || change_release
    start_services
    remove_old_releases
    say "Tillpost runs at https://$host. Next: sudo tillpost doctor"
}

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

# Does a command, or shows it with --dry-run.
run() {
    if [ "$dry" = yes ]; then
        printf '+ %s\n' "$*"
    else
        "$@"
    fi
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --host) [ $# -gt 1 ] || fail "--host needs a name such as shop.example.com." && host=$2 && shift ;;
            --litestream) litestream=yes ;;
            --dry-run) dry=yes ;;
            -h | --help) usage && exit 0 ;;
            *) fail "Unknown option: $1. See --help." ;;
        esac
        shift
    done
    case $host in
        '') fail "Name the host under which people reach the shop: --host shop.example.com" ;;
        *[!A-Za-z0-9.-]* | -* | .* | *.) fail "$host is not a host name such as shop.example.com." ;;
    esac
}

check_machine() {
    command -v apt-get >/dev/null || fail "This script is for Debian and Ubuntu: there is no apt-get."
    command -v git >/dev/null || fail "Install git first: apt-get install git"
    [ "$dry" = yes ] || [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || fail "Run it as root: sudo sh $0 ..."
    commit >/dev/null || fail "$source is not a git checkout."
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Tillpost needs Python 3.11 or newer: Debian 12, Ubuntu 24.04 or newer have it."
}

# The checkout may belong to another user than root; we only read it.
checkout() { git -c safe.directory="$source" -C "$source" -c tar.umask=0022 "$@"; }

commit() { checkout rev-parse --verify --short=12 HEAD; }

install_packages() {
    missing=''
    command -v caddy >/dev/null || missing=caddy
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    [ -n "$missing" ] || return 0
    run apt-get update -qq
    # shellcheck disable=SC2086  # names of packages, one word each
    run env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $missing
}

make_user_and_folders() {
    getent passwd tillpost >/dev/null ||
        run useradd --system --user-group --home-dir /var/lib/tillpost --shell /usr/sbin/nologin tillpost
    folder 755 "$opt"
    folder 755 "$opt/releases"
    folder 700 "$etc"
    folder 700 "$data"
    run_as_root chown tillpost:tillpost "$data"
}

# Owners are not changed in DESTDIR, where the user may not exist.
run_as_root() {
    [ -n "$root" ] || run "$@"
}

folder() {
    [ -d "$2" ] && [ "$(stat -c %a "$2")" = "$1" ] && return
    run mkdir -p "$2"
    run chmod "$1" "$2"
}

# Code and packages of this commit, complete when its packages are stamped as installed. Only root writes there.
install_release() {
    [ -e "$release/.venv/installed-requirements.txt" ] && return
    say "Installing version $(commit)"
    if [ "$dry" = yes ]; then
        run git archive HEAD "-->" "$release"
        run sh scripts/install.sh .venv requirements.txt
        return
    fi
    rm -rf "$release"
    (
        umask 022
        mkdir -p "$release"
        checkout archive HEAD | tar -x -C "$release"
        commit >"$release/COMMIT"
    )
    if ! (umask 022 && cd "$release" && sh scripts/install.sh .venv requirements.txt); then
        rm -rf "$release"
        fail "The packages could not be installed; the version that runs was not touched."
    fi
}

install_litestream() {
    wanted=$source/requirements-litestream.txt
    [ "$dry" = no ] || { run sh scripts/install.sh "$opt/litestream" "$wanted" && return; }
    (umask 022 && cd "$source" && sh scripts/install.sh "$opt/litestream" requirements-litestream.txt) ||
        fail "Litestream could not be installed."
}

install_settings() {
    if [ ! -e "$etc/tillpost.env" ]; then
        say "Writing $etc/tillpost.env: change it to fit your shop before the first order"
        put 600 "$source/infra/box/tillpost.env" "$etc/tillpost.env"
    fi
    [ ! -e "$etc/tillpost.env" ] || [ "$(stat -c %a "$etc/tillpost.env")" = 600 ] || run chmod 600 "$etc/tillpost.env"
    for command in tillpost tillpost-restore; do
        put 755 "$source/infra/box/$command" "$root/usr/local/bin/$command"
    done
}

# Puts a file in place, with the host name in it, when it is not there already word by word.
put() {
    [ -e "$3" ] && named "$2" | cmp -s - "$3" && return
    changed=yes
    if [ "$dry" = yes ]; then
        printf '+ write %s (%s)\n' "$3" "$1"
        return
    fi
    mkdir -p "$(dirname "$3")"
    (umask 077 && named "$2" >"$3.new")
    chmod "$1" "$3.new"
    mv "$3.new" "$3"
}

named() { sed "s/shop\.example\.com/$host/g" "$1"; }

units() {
    echo "tillpost-web tillpost-worker"
    [ "$litestream" = no ] || echo "tillpost-litestream"
}

install_units() {
    for unit in $(units); do
        put 644 "$source/infra/box/$unit.service" "$root/etc/systemd/system/$unit.service"
    done
    run systemctl daemon-reload
}

install_caddy() {
    put 644 "$source/infra/box/Caddyfile" "$root/etc/caddy/tillpost.caddy"
    if ! grep -qs '^import /etc/caddy/tillpost.caddy$' "$root/etc/caddy/Caddyfile"; then
        if [ "$dry" = yes ]; then
            echo "+ add to $root/etc/caddy/Caddyfile: import /etc/caddy/tillpost.caddy"
        else
            mkdir -p "$root/etc/caddy"
            printf '\nimport /etc/caddy/tillpost.caddy\n' >>"$root/etc/caddy/Caddyfile"
        fi
    fi
    run caddy validate --config "$root/etc/caddy/Caddyfile" --adapter caddyfile
    run systemctl reload-or-restart caddy
}

change_release() {
    [ -z "$before" ] || point previous "$before"
    point current "$release"
    changed=yes
}

# A link is replaced in one step, so there is a program at every moment.
point() {
    run ln -sfn "$2" "$opt/$1.new"
    run mv -T "$opt/$1.new" "$opt/$1"
}

start_services() {
    # shellcheck disable=SC2046  # names of units, one word each
    run systemctl enable --quiet $(units)
    verb=start
    [ "$changed" = no ] || verb=restart
    # shellcheck disable=SC2046
    run systemctl "$verb" $(units)
    is_ready && return
    if [ -z "$before" ] || [ "$before" = "$release" ]; then
        fail "Tillpost is not ready after $ready_seconds seconds: journalctl -u tillpost-web -n 50"
    fi
    point current "$before"
    # shellcheck disable=SC2046
    run systemctl restart $(units)
    fail "Version $(commit) was not ready after $ready_seconds seconds, and the one before runs again:" \
        "journalctl -u tillpost-web -n 50"
}

is_ready() {
    [ "$dry" = no ] || { run curl "http://127.0.0.1:$(port)/api/ready" && return; }
    ends=$(($(date +%s) + ready_seconds))
    while [ "$(date +%s)" -lt "$ends" ]; do
        python3 - "$(port)" <<'ASK' 2>/dev/null && return
import sys, urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/ready", timeout=5)
ASK
        sleep 1
    done
    return 1
}

port() { { sed -n 's/^PORT=//p' "$etc/tillpost.env" 2>/dev/null | grep . || echo 8501; } | tail -n 1; }

# The version before stays, so that going back needs no download.
remove_old_releases() {
    for old in "$opt"/releases/*; do
        case $old in
            "$release" | "$(readlink "$opt/previous" 2>/dev/null || echo none)" | "$opt/releases/*") ;;
            *) run rm -rf "$old" ;;
        esac
    done
}

main "$@"
