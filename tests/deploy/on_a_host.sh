# What test_systemd.py has done on a host with systemd, by root. Each step prints "== its name", then what there is to see.

step() {
  systemctl reset-failed collector 2>/dev/null # a service that is started five times in ten seconds counts as failing
  echo "== $1"
}
wait_for() { for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done; echo "in vain: $*"; journalctl -u collector -n 20 -o cat; return 1; }
send() { logger -n 127.0.0.1 -P 514 --rfc3164 -t app -p local0.info "$@"; }
install() { make -C /source --no-print-directory install PYTHON=/python "$@" 2>&1; echo "exit $?"; }
log=/var/log/windows

ip link set lo up
useradd --create-home --groups adm ann
useradd --create-home bob
as() { setpriv --reuid="$1" --regid="$1" --init-groups env -C / "${@:2}"; }

step install
install
systemctl is-active collector
systemctl is-enabled collector

step write
send -d from a windows machine
wait_for grep -q "from a windows machine" $log
stat -c '%U %G %a' $log
cut -d' ' -f5- $log

step ann
as ann collector status | head -n 1
as ann tail -n 1 $log | cut -d' ' -f5-
as ann journalctl -q -u collector -o cat | grep -c "Listening on udp 0.0.0.0:514"

step bob
as bob collector status 2>&1
as bob cat $log 2>&1

step reload
echo 'mark: 1h' >>/etc/collector/collector.yaml
systemctl reload collector && echo fine
echo 'marc: 1h' >>/etc/collector/collector.yaml
systemctl reload collector 2>/dev/null || echo refused
systemctl is-active collector
sed -i '/^marc:/d' /etc/collector/collector.yaml

step rights
pid=$(systemctl show -P MainPID collector)
grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/$pid/status | cut -f 1,2

step upgrade
install
[ "$(systemctl show -P MainPID collector)" != "$pid" ] && echo another process
grep -c 'mark: 1h' /etc/collector/collector.yaml

step bad-upgrade
pid=$(systemctl show -P MainPID collector)
echo 'marc: 1h' >>/etc/collector/collector.yaml
install
[ "$(systemctl show -P MainPID collector)" = "$pid" ] && echo the same process
sed -i '/^marc:/d' /etc/collector/collector.yaml

step socket
mkdir -p /etc/systemd/system/collector.service.d
cp /source/deploy/drop-ins/no-capability.conf /etc/systemd/system/collector.service.d/
systemctl daemon-reload
systemctl stop collector
systemctl start collector.socket
send -d it starts the service
wait_for grep -q "it starts the service" $log && echo by udp
send -T over a connection
wait_for grep -q "over a connection" $log && echo by tcp
systemctl stop collector 2>/dev/null
send -d while it is stopped
wait_for grep -q "while it is stopped" $log && echo kept
systemctl restart collector
send -T after a restart
wait_for grep -q "after a restart" $log && echo still listening
grep -E '^CapEff:' "/proc/$(systemctl show -P MainPID collector)/status" | cut -f 2
systemctl stop collector.socket collector
rm -r /etc/systemd/system/collector.service.d

step journal
mkdir -p /etc/systemd/system/{collector.service,syslog.socket}.d /etc/systemd/journald.conf.d
cp /source/deploy/drop-ins/journal.conf /etc/systemd/system/collector.service.d/
cp /source/deploy/drop-ins/syslog.socket.conf /etc/systemd/system/syslog.socket.d/
cp /source/deploy/drop-ins/journald.conf /etc/systemd/journald.conf.d/
sed -i 's|^sources:|sources:\n  - unix: /run/systemd/journal/syslog|' /etc/collector/collector.yaml
systemctl daemon-reload
systemctl restart systemd-journald collector
logger -t app -p local0.info from this machine
wait_for grep -q "from this machine" $log && echo by the journal
grep -c "collector\[$(systemctl show -P MainPID collector)\]" /var/log/collector/messages
rm -r /etc/systemd/system/{collector.service,syslog.socket}.d
sed -i '/journal.syslog/d' /etc/collector/collector.yaml

step uninstall
make -C /source --no-print-directory uninstall 2>&1
systemctl is-active collector
ls -d $log /var/log/collector /etc/collector/collector.yaml
command -v collector || echo no command
find /etc -name '*collector.*' ! -path '/etc/collector/*'
getfacl -p /var/log | grep -c collector
getent passwd collector | cut -d: -f 1,6

step failed-units
systemctl list-units --failed --plain --no-legend
step end
