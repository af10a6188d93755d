// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormerNamesOfTypesAreRead(t *testing.T) {
	require.Equal(t, ClassicLoadBalancer, Current("aws:elasticloadbalancing/loadBalancer:LoadBalancer"))
	require.Equal(t, Listener, Current("aws:elasticloadbalancingv2/listener:Listener"))
	require.Equal(t, ALBListener, Current("aws:applicationloadbalancing/listener:Listener"))
	for _, token := range []string{Listener, ALBListener, "", "pulumi:pulumi:Stack", "aws-native:s3:Bucket"} {
		require.Equal(t, token, Current(token))
	}
}
