#!/bin/bash
# Installs and starts the placeholder service on Amazon Linux 2023.
set -euo pipefail

install -d -m 0755 /opt/bulkhead
cat >/opt/bulkhead/placeholder.py <<'BULKHEAD'
@SERVER@
BULKHEAD
cat >/etc/systemd/system/bulkhead-placeholder.service <<'BULKHEAD'
@UNIT@
BULKHEAD
systemctl daemon-reload
systemctl enable --now bulkhead-placeholder.service
