# Run inside, as root, once the machine is up: what the tests of boots want to know, under headings.
exec 2>&1
status() { systemctl show "$1" -p ActiveState,SubState,Result,NRestarts,ExecMainStatus,StatusText,MainPID; }
wait_until() { for _ in $(seq 300); do "$@" && return; sleep 0.2; done; echo "waited in vain for: $*"; journalctl -u affectd -n 20 --no-pager; }
says() { systemctl show "$1" -p StatusText | grep -q "$2"; }
main_pid() { systemctl show affectd -p MainPID --value; }
# A dead one's status text stays until the next is started.
replaced() { local pid; pid=$(main_pid); [ "$pid" != 0 ] && [ "$pid" != "$1" ] && state active; }
state() { [ "$(systemctl show affectd -p ActiveState --value)" = "$1" ]; }
configure() { printf 'device: {id: hall}\nsource: {uri: %s, loop: true}\nmqtt: {username: affectd}\n%s\n' "$1" "$2" >/etc/affectd/config.yaml; }

echo "== installed"
systemctl is-enabled affectd
systemctl is-active affectd
status affectd

mosquitto_passwd -b -c /etc/mosquitto/passwords affectd secret
chown mosquitto /etc/mosquitto/passwords
printf 'allow_anonymous false\npassword_file /etc/mosquitto/passwords\nlistener 1883 127.0.0.1\n' >/etc/mosquitto/conf.d/test.conf
systemctl start mosquitto
echo secret >/etc/credstore/mqtt-password
mkdir -p /etc/systemd/system/affectd.service.d
printf '[Service]\nWatchdogSec=15\nRestartSec=1\n' >/etc/systemd/system/affectd.service.d/test.conf
systemctl daemon-reload

echo "== running"
configure demo
systemctl restart affectd
wait_until says affectd "connected to the broker"
status affectd
id -u affectd; stat -c '%U %a' "/proc/$(main_pid)" /run/affectd /var/lib/affectd

echo "== events"
mosquitto_sub -u affectd -P secret -t 'affectd/+/events' -C 3 -W 60

echo "== stopped loop"
pid=$(main_pid)
kill -STOP "$pid"
wait_until replaced "$pid"
wait_until says affectd "connected to the broker"
status affectd
journalctl -u affectd --no-pager -o cat | grep -i watchdog | head -3

echo "== reload"
pid=$(main_pid)
# Slower to start than the watchdog is patient.
slow=$(echo /opt/affectd/lib/python3.*/site-packages)/slow.pth
echo 'import sys, time; time.sleep(20 if "run" in sys.orig_argv else 0)' >"$slow"
configure /dev/video9
systemctl reload affectd && echo reloaded
wait_until says affectd "no picture from /dev/video9"
rm "$slow"
status affectd
[ "$pid" = "$(main_pid)" ] && echo same process

echo "== nonsense reloaded"
configure demo 'lgo: {}'
systemctl reload affectd || echo refused
state active && echo still active
journalctl -u affectd --no-pager -o cat -n 10 | grep 'did you mean'

echo "== nonsense started"
systemctl restart affectd
sleep 3
status affectd
systemctl status affectd --no-pager | grep Status:

echo "== wrong password"
echo wrong >/etc/credstore/mqtt-password
configure demo
systemctl restart affectd
wait_until says affectd "no broker: the broker refuses"
status affectd

echo "== full card"
systemctl stop affectd mosquitto
mount -t tmpfs -o size=100k tmpfs /var/lib/affectd
chown affectd: /var/lib/affectd
dd if=/dev/zero of=/var/lib/affectd/ballast bs=1k count=100 2>/dev/null
systemctl start affectd
wait_until says affectd "cannot be used"
status affectd
systemctl stop affectd
umount /var/lib/affectd
systemctl start mosquitto

echo "== locked camera"
mknod -m 600 /dev/video9 c 1 3
configure /dev/video9
systemctl start affectd
wait_until says affectd "no permission"
status affectd
rm /dev/video9

echo "== missing model"
configure demo 'classifier: {model: /nowhere/model.tflite}'
systemctl restart affectd
wait_until says affectd "a model file is expected"
status affectd

echo "== a model installed"
echo secret >/etc/credstore/mqtt-password
configure demo
affectd model install /opt/affectd/lib/python3.*/site-packages/device/models/emotion.tflite
systemctl restart affectd
wait_until says affectd "connected to the broker"
affectd model list
stat -c '%U %a' /var/lib/affectd/model.tflite
status affectd

echo "== steady state"
written() { grep ^write_bytes "/proc/$(main_pid)/io"; find /var/lib/affectd -printf '%p %s %T@\n' | sort; }
before=$(written)
grep -c '^write_bytes: [0-9]' <<<"$before"
mosquitto_sub -u affectd -P secret -t 'affectd/+/events' -W 60 2>/dev/null | wc -l
journalctl -u affectd --since -50s --no-pager -o cat | wc -l
diff <(echo "$before") <(written) && echo nothing written

echo "== second camera"
sed 's/hall/porch/' /etc/affectd/config.yaml >/etc/affectd/porch.yaml
systemctl start affectd@porch
wait_until says affectd@porch "connected to the broker"
status affectd@porch
ls -d /var/lib/affectd-porch /run/affectd-porch

echo "== stopped"
systemctl stop affectd affectd@porch
ls -d /run/affectd
status affectd

echo "== security"
systemd-analyze security affectd --threshold=20 --no-pager | tail -1

echo "== complaints"
systemd-analyze verify affectd.service affectd@porch.service
# Of a line in one of our files.
journalctl -b --no-pager -o cat | grep -E 'affectd[^ ]*\.(service|conf|rules):[0-9]+:'

echo "== end"
