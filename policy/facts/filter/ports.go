// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"slices"
)

// FirstDynamic is where the ports begin that systems hand out by themselves (Linux 32768, Windows 49152).
const FirstDynamic = 32768

// Dynamic reports whether the rule lets groups reach ports that are handed out at run time, such as those of
// containers behind a load balancer (Amazon ECS developer guide, dynamic host port mapping) or of RPC.
func (r *Rule) Dynamic() bool {
	return r.First.Number >= FirstDynamic && !r.Sources[0].Exists() && !r.Sources[1].Exists()
}

// The range of ports for answers, the last port of all, and the ports of administration.
const (
	FirstEphemeral   = 1024
	LastUnprivileged = MaxPort
	MaxPort          = 65535
	PortSSH          = 22
	PortRDP          = 3389
	PortSMB          = 445
)

// riskyPorts are those of FSBP EC2.19 and the data stores that are most often found open.
var riskyPorts = map[int]string{
	20: "FTP data", 21: "FTP", 23: "Telnet", 25: "SMTP", 110: "POP3", 111: "portmapper", 135: "RPC", 137: "NetBIOS", 138: "NetBIOS",
	139: "NetBIOS", 143: "IMAP",
	1433: "SQL Server", 1434: "SQL Server", 1521: "Oracle", 2049: "NFS", 2375: "Docker", 2376: "Docker", 2379: "etcd",
	3000: "development servers",
	3306: "MySQL", 4333: "ahsp", 5000: "development servers", 5432: "PostgreSQL", 5500: "fcp-addr-srvr1", 5601: "OpenSearch Dashboards",
	5672: "AMQP",
	5900: "VNC", 5985: "WinRM", 5986: "WinRM", 6379: "Redis", 6443: "Kubernetes", 8080: "proxies", 8088: "legacy HTTP",
	8888: "alternative HTTP", 9042: "Cassandra",
	9092: "Kafka", 9200: "OpenSearch", 9300: "OpenSearch", 10250: "kubelet", 11211: "Memcached", 15672: "RabbitMQ", 27017: "MongoDB",
	27018: "MongoDB", 50070: "HDFS",
}

// RiskyPorts are the ports of services that should not face the internet, in order.
func RiskyPorts() []int {
	list := make([]int, 0, len(riskyPorts))
	for p := range riskyPorts {
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}
