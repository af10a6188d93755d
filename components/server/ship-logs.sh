#!/bin/bash
# Sends the system log and the record of logins to CloudWatch Logs.
set -euo pipefail

if ! command -v dnf >/dev/null; then
  echo "no dnf on this image: it ships its own logs"
  exit 0
fi

# Another agent of the image may hold dnf's lock during the first minutes.
for _ in 1 2 3 4 5; do
  if dnf install --assumeyes --quiet amazon-cloudwatch-agent rsyslog; then
    break
  fi
  sleep 15
done

systemctl enable --now rsyslog

home=/opt/aws/amazon-cloudwatch-agent
cat >"$home/etc/bulkhead.json" <<'BULKHEAD'
@CONFIG@
BULKHEAD
"$home/bin/amazon-cloudwatch-agent-ctl" -a fetch-config -m ec2 -s -c "file:$home/etc/bulkhead.json"
