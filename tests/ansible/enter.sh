#!/bin/sh
# In the place of ssh, for Ansible: `enter.sh OPTION... HOST COMMAND` runs the command in the started system of that name.
# AFFECTD_MACHINES is a folder with a file for each, which holds the number of its process 1.
while [ $# -gt 2 ]; do shift; done
exec nsenter --target "$(cat "$AFFECTD_MACHINES/$1")" --mount --uts --ipc --net --pid --cgroup -- \
  /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c "$2"
