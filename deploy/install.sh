#!/bin/sh
# What `make install` and `make uninstall` do. Run as root; or with DESTDIR, to make a package.
#
#     PREFIX    /usr/local: the program is in $PREFIX/lib/collector, the command in $PREFIX/bin
#     DESTDIR   goes before every path; then no user is made and nothing of systemd is called
#     PYTHON    python3: 3.11 or later
#     START     yes: enable and start the service, or restart it; no: leave that to you
set -eu
umask 022

PREFIX=${PREFIX:-/usr/local} DESTDIR=${DESTDIR:-} PYTHON=${PYTHON:-python3} START=${START:-yes}
source=$(dirname "$0")/..
DESTDIR=${DESTDIR%/} PREFIX=${PREFIX%/}
case $DESTDIR in "" | /*) ;; *) DESTDIR=$PWD/$DESTDIR ;; esac
etc=$DESTDIR/etc/collector
home=$PREFIX/lib/collector

# A package of the distribution leaves /etc to the administrator.
case $PREFIX in
  /usr) units=/usr/lib/systemd/system config=/usr/lib ;;
  *) units=/etc/systemd/system config=/etc ;;
esac

say() { echo "$*" >&2; }
die() { say "error: $1"; say "    hint: $2"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
booted() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }
put() { install -D -m "${3:-644}" "$1" "$DESTDIR$2"; }

# A file that an administrator may have changed is never written over.
offer() {
  if [ ! -e "$DESTDIR$2" ]; then
    put "$1" "$2"
  elif ! cmp -s "$1" "$DESTDIR$2"; then
    say "kept $2 as it is (what comes with this version: $1)"
  fi
}

check() {
  [ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || die "only root can $1" "sudo make $1, or name a folder: DESTDIR=…"
}

# The unit and the first line of a script split their words at blanks.
check_places() {
  case $PREFIX in
    [!/]* | *[!A-Za-z0-9._/+-]*) die "PREFIX is $PREFIX" "an absolute path of letters, digits and . _ + - /" ;;
  esac
}

check_python() {
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or later is needed" "name it with: make install PYTHON=python3.12"
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    die "the venv module of Python is missing" "on Debian and Ubuntu: apt-get install python3-venv"
  place=$("$PYTHON" -c 'import os, sys; print(os.path.realpath(sys.base_prefix))')
  case $place in
    /home/* | /root/* | /run/user/*)
      die "$PYTHON is in $place, which the service cannot see" "name that of the system: PYTHON=/usr/bin/python3"
      ;;
  esac
}

# pip fetches what pyproject.toml names from where pip is configured to.
program() {
  "$PYTHON" -m venv "$DESTDIR$home"
  "$DESTDIR$home/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --upgrade "$source" ||
    die "pip could not get what the program needs" "it needs the network, or a folder of wheels: PIP_FIND_LINKS=…"
  if [ -n "$DESTDIR" ]; then # the scripts shall name the place where they will be
    pattern=$(printf '%s\n' "$DESTDIR" | sed 's/[][\.*^$|]/\\&/g')
    grep -rlIF -e "$DESTDIR" "$DESTDIR$home/bin" "$DESTDIR$home/pyvenv.cfg" |
      while IFS= read -r file; do sed -i "s|$pattern||g" "$file"; done
  fi
  # The service cannot write there, so it would compile at each start.
  "$DESTDIR$home/bin/python" -m compileall -q ${DESTDIR:+-s "$DESTDIR" -p /} "$DESTDIR$home/lib" || true
  mkdir -p "$DESTDIR$PREFIX/bin"
  ln -sfn "$home/bin/collector" "$DESTDIR$PREFIX/bin/collector"
  if has restorecon && [ -z "$DESTDIR" ]; then restorecon -RF "$home" "$PREFIX/bin/collector"; fi
  say "installed the program in $home, and $PREFIX/bin/collector"
}

files() {
  unit=$(mktemp)
  sed "s|/usr/local/bin/|$PREFIX/bin/|" "$source/deploy/collector.service" >"$unit"
  put "$unit" "$units/collector.service"
  rm "$unit"
  put "$source/deploy/collector.socket" "$units/collector.socket"
  put "$source/deploy/sysusers.conf" "$config/sysusers.d/collector.conf"
  put "$source/deploy/tmpfiles.conf" "$config/tmpfiles.d/collector.conf"
  put "$source/deploy/sysctl.conf" "$config/sysctl.d/60-collector.conf"
  offer "$source/deploy/collector.yaml" /etc/collector/collector.yaml
  offer "$source/rules/routing.conf" /etc/collector/routing.conf
  for pack in "$source"/rules/*.yaml "$source/rules/README.md"; do
    offer "$pack" "/etc/collector/rules/${pack##*/}"
  done
  offer "$source/deploy/environment" /etc/collector/environment
  offer "$source/deploy/logrotate" /etc/logrotate.d/collector
  say "installed the units, and the configuration in $etc"
}

user() {
  if has systemd-sysusers; then
    systemd-sysusers "$config/sysusers.d/collector.conf"
  else
    getent group adm >/dev/null || groupadd --system adm
    getent passwd collector >/dev/null ||
      useradd --system --user-group --home-dir /var/lib/collector --shell /usr/sbin/nologin collector
    usermod -a -G adm collector
  fi
  say "the service runs as user collector, group adm"
}

folders() {
  if has systemd-tmpfiles; then
    systemd-tmpfiles --create "$config/tmpfiles.d/collector.conf"
  else
    install -d -o collector -g adm -m 750 /var/lib/collector /var/log/collector
    if has setfacl; then
      setfacl -m u:collector:rwx /var/log
    else
      say "warning: setfacl is missing (package acl), so collector cannot make files in /var/log itself"
    fi
  fi
}

buffers() {
  wanted=$(sed -n 's/^net.core.rmem_max *= *//p' "$source/deploy/sysctl.conf")
  enough() { [ "$(cat /proc/sys/net/core/rmem_max 2>/dev/null || echo 0)" -ge "$wanted" ]; }
  enough || sysctl -q -w "net.core.rmem_max=$wanted" >/dev/null 2>&1 || true
  enough || say "warning: net.core.rmem_max cannot be raised here, so bursts of UDP may be lost"
}

start() {
  "$PREFIX/bin/collector" check-config --user collector /etc/collector/collector.yaml ||
    die "the configuration has problems, so the service is left as it is" "mend them, then: systemctl restart collector"
  booted || { say "systemd does not run here; start it yourself: collector run"; return; }
  systemctl daemon-reload
  if [ "$START" = no ]; then
    say "next: systemctl enable --now collector"
    return
  fi
  systemctl enable --quiet collector
  systemctl restart collector || die "the service did not start" "journalctl -u collector -n 20"
  say "the service runs: systemctl status collector, journalctl -u collector, collector status"
}

install_all() {
  check install
  check_places
  check_python
  program
  files
  [ -z "$DESTDIR" ] || return 0
  user
  folders
  buffers
  start
}

uninstall_all() {
  check uninstall
  check_places
  if booted; then
    systemctl disable --quiet --now collector.service collector.socket 2>/dev/null || true
  fi
  if [ -z "$DESTDIR" ] && has setfacl; then setfacl -x u:collector /var/log 2>/dev/null || true; fi
  rm -rf "$DESTDIR$home"
  rm -f "$DESTDIR$PREFIX/bin/collector" "$DESTDIR$units/collector.service" "$DESTDIR$units/collector.socket" \
    "$DESTDIR$config/sysusers.d/collector.conf" "$DESTDIR$config/tmpfiles.d/collector.conf" \
    "$DESTDIR$config/sysctl.d/60-collector.conf"
  # Without the program, logrotate would complain of the user's files only where the administrator changed the snippet.
  if cmp -s "$source/deploy/logrotate" "$DESTDIR/etc/logrotate.d/collector"; then
    rm -f "$DESTDIR/etc/logrotate.d/collector"
  fi
  if booted; then systemctl daemon-reload; fi
  say "removed the program and its units. Left as they are: the logs, /etc/collector, /var/lib/collector, the user"
}

case ${1:-} in
  install) install_all ;;
  uninstall) uninstall_all ;;
  *) die "unknown step: ${1:-none}" "install or uninstall" ;;
esac
