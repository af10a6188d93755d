// SPDX-License-Identifier: Apache-2.0

// Command program is the Pulumi program that the comparison of policy packs previews. It makes as many AWS
// resources as its configuration says, in cells of twenty that refer to each other as those of a service do.
// It is never meant to be deployed.
package main

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// cellSize is how many resources one cell has.
const cellSize = 20

// account is an AWS account that does not exist.
const account = "111122223333"

func main() { pulumi.Run(program) }

// program makes whole cells, and keys for what is left over. With "weak", every second cell breaks each of
// the compared rules.
func program(ctx *pulumi.Context) error {
	text, _ := ctx.GetConfig("policybench:resources")
	n, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("policybench:resources: %w", err)
	}
	text, _ = ctx.GetConfig("policybench:weak")
	weak := text == "true"
	for i := range n / cellSize {
		c := cell{ctx: ctx, name: fmt.Sprintf("cell%03d", i), weak: weak && i%2 == 1}
		if err := c.build(); err != nil {
			return err
		}
	}
	for i := range n % cellSize {
		if _, err := newKey(ctx, fmt.Sprintf("key%03d", i), true); err != nil {
			return err
		}
	}
	return nil
}

// cell is one service: its key, bucket, role, load balancer and database.
type cell struct {
	ctx  *pulumi.Context
	key  *kms.Key
	name string
	weak bool
}

func (c *cell) build() error {
	for _, part := range []func() error{c.encrypt, c.store, c.authorize, c.reach, c.remember} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// strong is the value of a switch that is on unless the cell is weak.
func (c *cell) strong() pulumi.Bool { return pulumi.Bool(!c.weak) }

// choose returns the first word, or the second in a weak cell.
func (c *cell) choose(good, bad string) pulumi.String {
	if c.weak {
		return pulumi.String(bad)
	}
	return pulumi.String(good)
}

// tags are what every resource of the cell carries.
func (c *cell) tags() pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(c.name), "owner": pulumi.String("platform"), "environment": pulumi.String("comparison")}
}

// encrypt makes two resources: the key of the cell and its alias.
func (c *cell) encrypt() (err error) {
	if c.key, err = newKey(c.ctx, c.name, !c.weak); err != nil {
		return err
	}
	_, err = kms.NewAlias(c.ctx, c.name, &kms.AliasArgs{Name: pulumi.String("alias/" + c.name), TargetKeyId: c.key.KeyId})
	return err
}

func newKey(ctx *pulumi.Context, name string, rotate bool) (*kms.Key, error) {
	return kms.NewKey(ctx, name, &kms.KeyArgs{
		Description:          pulumi.String("Protects the data of " + name),
		EnableKeyRotation:    pulumi.Bool(rotate),
		DeletionWindowInDays: pulumi.Int(30),
	})
}
