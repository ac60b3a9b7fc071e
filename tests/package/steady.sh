# Run inside, as root: what the connected daemon writes to the card while it watches. STEADY_S is put before it.
exec 2>&1
written() { awk '$1 == "write_bytes:" { print $2 }' "/proc/$(systemctl show affectd -p MainPID --value)/io"; }
kept() { find /var/lib/affectd -type f -printf '%p %s\n' | sort; }

for _ in $(seq 300); do
  systemctl show affectd -p StatusText | grep -q "connected to the broker" && break
  sleep 0.2
done
# The model, the first block of numbers and Python's own files are read and written by then.
sleep 20
touch /run/began
pid=$(systemctl show affectd -p MainPID --value)
before=$(written)

echo "== bytes at the start"
echo "$before"

echo "== events"
mosquitto_sub -t 'affectd/+/events' -W "$STEADY_S" 2>/dev/null | wc -l

echo "== bytes"
echo $(($(written) - before))

echo "== changed files"
find / -xdev -newer /run/began -type f ! -path '/proc/*' ! -path '/told' -printf '%p %s\n'

echo "== journal"
journalctl -u affectd --since "-${STEADY_S}s" --no-pager -o cat | wc -l

echo "== bytes for a threshold"
before=$(written)
mosquitto_pub -t affectd/hall/tuning/set -m '{"min_dwell_s": 0.7}'
for _ in $(seq 50); do grep -qs 0.7 /var/lib/affectd/tuning.json && break; sleep 0.2; done
sleep 1
echo $(($(written) - before))

echo "== state folder"
kept

echo "== service"
systemctl show affectd -p ActiveState,StatusText,NRestarts
[ "$pid" = "$(systemctl show affectd -p MainPID --value)" ] && echo same process
grep -E 'VmRSS|VmHWM' "/proc/$pid/status"
systemctl show affectd -p CPUUsageNSec

echo "== end"
