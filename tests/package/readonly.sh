# Run inside, as root, on a root that nobody can write, with /var in memory: what the test of that wants to know.
exec 2>&1
echo "== root"
touch /etc/affectd/written || echo cannot be written

echo "== first event"
for _ in $(seq 300); do [ -s /run/first-at ] && break; sleep 0.2; done
cat /run/first
began_us=$(systemctl show -p UserspaceTimestampMonotonic --value)
awk -v began="$began_us" '{ printf "%.1f s after process 1 began\n", $1 - began / 1e6 }' /run/first-at

echo "== service"
systemctl show affectd -p ActiveState,NRestarts,StatusText
findmnt -no FSTYPE -T /var/lib/affectd
ls /var/lib/affectd

echo "== end"
