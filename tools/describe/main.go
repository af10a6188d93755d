// SPDX-License-Identifier: Apache-2.0

// Command describe asks the AWS account of its environment's credentials and region for what decides which packets
// pass, and writes the answers into a folder that bulkhead-policy prove reads. It only reads. It is a program of its own because the
// client of EC2 is four times as large as the policy pack.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/bulkhead-iac/bulkhead/policy/segmentation/account"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "describe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("it needs the folder to write to")
	}
	if entries, err := os.ReadDir(args[0]); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty; answers of two accounts, or of two times, must not be mixed", args[0])
	}
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	answers, err := account.Fetch(ctx, settings)
	if err != nil {
		return err
	}
	return answers.Write(args[0])
}
