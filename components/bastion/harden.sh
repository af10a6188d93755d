#!/bin/bash
# Makes the user that operators are here, and lets the SSH daemon do what a bastion is for, and nothing else.
set -euo pipefail

id -u @USER@ &>/dev/null || useradd --create-home --shell /bin/bash @USER@
# The agent of Systems Manager would make a user who may become root, unless this file is there.
echo "# Nobody becomes root by way of a session." >/etc/sudoers.d/ssm-agent-users

# Who wants to know that this is the bastion finds the fingerprints of its keys in its log group.
for key in /etc/ssh/ssh_host_*_key.pub; do
  ssh-keygen -l -f "$key" | logger --tag host-key
done

cat >/etc/ssh/sshd_config.d/00-bastion.conf <<'BULKHEAD'
# Keys come from EC2 Instance Connect, each for one minute and in somebody's name.
AllowUsers @USER@
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
PermitEmptyPasswords no
MaxAuthTries 3
LoginGraceTime 20
# Jumping on to a target (ssh -J, ssh -L) is the purpose; carrying keys, displays and
# tunnels back is not. The security group decides which targets there are.
AllowTcpForwarding local
AllowStreamLocalForwarding no
AllowAgentForwarding no
GatewayPorts no
PermitTunnel no
X11Forwarding no
PermitUserEnvironment no
ClientAliveInterval 60
ClientAliveCountMax 5
LogLevel VERBOSE
BULKHEAD

if sshd -t; then
  systemctl reload-or-restart sshd
else
  echo "sshd refuses the settings of the bastion: SSH is switched off, use Session Manager" >&2
  systemctl disable --now sshd
fi
