// SPDX-License-Identifier: Apache-2.0

package fill

import (
	"github.com/bulkhead-iac/bulkhead/tools/emulator/wire"
)

// lateLogLines are the groups to which an instance that is gone has lines left to write.
type lateLogLines struct{ store[bool] }

// lateLogGroups makes the groups of an instance's exported logs as RDS does. Its last lines come when the instance is gone, and RDS makes
// the group for them where there is none any more: without a key, and for ever (hashicorp/terraform-provider-aws#42858). moto makes none.
func lateLogGroups(t *Table) {
	l := &lateLogLines{}
	t.on("rds", l.end, "DeleteDBInstance")
	t.on("logs", l.again, "DeleteLogGroup")
}

// end writes the last lines of an instance. Each group is made again once more, if it is deleted later.
func (l *lateLogLines) end(x *Exchange) (*wire.Reply, error) {
	instances, refusal, err := x.describe("DescribeDBInstances", "DBInstances/DBInstance", map[string]string{"DBInstanceIdentifier": instanceName(x)})
	if refusal != nil || err != nil {
		return refusal, err
	}
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	for _, instance := range instances {
		for _, kind := range instance.Find("EnabledCloudwatchLogsExports/member") {
			group := "/aws/rds/instance/" + instanceName(x) + "/" + kind.Text
			l.set(x.place(), group, true)
			if err := x.makeLogGroup(group); err != nil {
				return nil, err
			}
		}
	}
	return reply, nil
}

func (l *lateLogLines) again(x *Exchange) (*wire.Reply, error) {
	group, _ := x.Call.JSONBody()["logGroupName"].(string)
	reply, err := x.Pass()
	if !succeeded(reply, err) {
		return reply, err
	}
	if late, _ := l.get(x.place(), group); late {
		l.remove(x.place(), group)
		err = x.makeLogGroup(group)
	}
	return reply, err
}

// makeLogGroup makes a log group where there is none of the name.
func (x *Exchange) makeLogGroup(name string) error {
	// That there is one is an answer, not an error.
	_, err := x.elsewhere("logs", "Logs_20140328.CreateLogGroup", map[string]any{"logGroupName": name})
	return err
}
