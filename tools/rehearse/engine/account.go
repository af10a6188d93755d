// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/bulkhead-iac/bulkhead/stacks"
)

// Account is an emulated AWS account as a client sees it.
type Account struct {
	Endpoint  string `json:"endpoint"`        // The loopback URL of every AWS service.
	AccountID string `json:"accountId"`       // Twelve digits.
	Region    string `json:"region"`          // Such as "eu-central-1".
	AccessKey string `json:"accessKeyId"`     // The emulator knows the account by it.
	Secret    string `json:"secretAccessKey"` // Any will do.
}

// NewAccount gives an environment's account its credentials. They open nothing but the emulator; the
// key id has the shape of a real one because clients check it.
func NewAccount(endpoint string, s *stacks.Settings) Account {
	return Account{
		Endpoint:  endpoint,
		AccountID: s.AccountID,
		Region:    s.Region,
		AccessKey: accessKey(s.AccountID),
		Secret:    "emulated",
	}
}

// accessKey makes an access key id for an account, a different one for each: twelve decimal digits
// take eight of the letters and digits that follow the prefix.
func accessKey(accountID string) string {
	number, _ := strconv.ParseUint(accountID, 10, 64) // the configuration admits nothing but twelve digits
	digits := strings.ToUpper(strconv.FormatUint(number, 32))
	return "AKIAEMULATED" + strings.Repeat("0", max(0, 8-len(digits))) + digits
}

// Environ returns this process's environment with every AWS setting replaced, so that neither a
// profile nor a variable of the user can lead a request anywhere but to the emulator.
func (a *Account) Environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		return strings.HasPrefix(upper, "AWS_") || strings.HasPrefix(upper, "PULUMI_") || strings.HasSuffix(upper, "_PROXY")
	})
	return append(env,
		"AWS_ENDPOINT_URL="+a.Endpoint,
		"AWS_ACCESS_KEY_ID="+a.AccessKey,
		"AWS_SECRET_ACCESS_KEY="+a.Secret,
		"AWS_REGION="+a.Region,
		"AWS_DEFAULT_REGION="+a.Region, // boto3 and older clients know no other
		"AWS_CONFIG_FILE="+os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
		// S3 Control puts the account id before the endpoint's host; the emulator serves that name as
		// a proxy. Clients never use a proxy for a loopback address.
		"HTTP_PROXY="+a.Endpoint,
	)
}

// Config returns the settings of an AWS SDK client of the account. They are complete: nothing is taken
// from the user's environment or files, where a profile or another endpoint may be set.
func (a *Account) Config() aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(a.Endpoint),
		Region:       a.Region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: a.AccessKey, SecretAccessKey: a.Secret}, nil
		}),
	}
}
