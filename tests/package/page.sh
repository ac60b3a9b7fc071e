# Run inside, as root: waits until the visitor has gone, and then tells what became of the device.
exec 2>&1
pid=$(systemctl show affectd -p MainPID --value)
for _ in $(seq 2400); do [ -e /visited ] && break; sleep 0.2; done

echo "== service"
systemctl show affectd -p ActiveState,NRestarts,StatusText
[ "$pid" = "$(systemctl show affectd -p MainPID --value)" ] && echo same process
journalctl -u affectd --no-pager -o cat

echo "== change"
systemctl show affectd-page-change -p Result,ExecMainStatus,User
journalctl -u affectd-page-change --no-pager -o cat
stat -c '%U %a' /etc/affectd/config.yaml

echo "== forged"
forge() { rm -f /var/lib/affectd/page-wanted; setpriv --reuid affectd --regid affectd --clear-groups sh -c "$1"; }
gone() { for _ in $(seq 100); do [ -e /var/lib/affectd/page-wanted ] || [ -L /var/lib/affectd/page-wanted ] || return 0; sleep 0.1; done; echo "it is still there"; }
before=$(sha256sum /etc/affectd/config.yaml)
forge "echo '{\"mqtt.host\": \"elsewhere.example.org\"}' >/var/lib/affectd/page-wanted"; gone
forge "ln -s /etc/shadow /var/lib/affectd/page-wanted"; gone
forge "mkfifo /var/lib/affectd/page-wanted"; gone
[ "$before" = "$(sha256sum /etc/affectd/config.yaml)" ] && echo unchanged
journalctl -u affectd-page-change --no-pager -o cat -n 20

echo "== security"
for unit in affectd affectd@porch affectd-page-change affectd-page-change@porch; do
  systemd-analyze security $unit --threshold=100 --no-pager | tail -1
done

echo "== complaints"
systemd-analyze verify affectd-page-change.service affectd-page-change.path affectd-page-change@porch.service
journalctl -b --no-pager -o cat | grep -E 'affectd[^ ]*\.(service|path|conf|rules):[0-9]+:'

echo "== end"
