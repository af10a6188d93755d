// SPDX-License-Identifier: Apache-2.0

package command

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bulkhead-iac/bulkhead/policy/pack"
)

// basis is by what is judged: the flags that choose levels, settings and waivers.
type basis struct{ config, profile, waivers string }

func (b *basis) flags(set *flag.FlagSet) {
	set.StringVar(&b.config, "config", "", "configuration in the form of --policy-pack-config")
	set.StringVar(&b.profile, "profile", "", "profile, instead of the one in the configuration")
}

// configure reads the configuration and puts into it what the flags say.
func (b *basis) configure(p *pack.Pack) (map[string]pack.Config, error) {
	configs := map[string]pack.Config{}
	if b.config != "" {
		text, err := os.ReadFile(filepath.Clean(b.config))
		if err != nil {
			return nil, err
		}
		if configs, err = pack.ParseConfig(text); err != nil {
			return nil, fmt.Errorf("%s: %w", b.config, err)
		}
	}
	own := configs[pack.GovernanceID]
	if own.Properties == nil {
		own.Properties = map[string]any{}
	}
	if b.profile != "" {
		own.Properties["profile"] = b.profile
	}
	if b.waivers != "" {
		absolute, err := filepath.Abs(b.waivers)
		if err != nil {
			return nil, err
		}
		own.Properties["waiversFile"] = absolute
	}
	configs[pack.GovernanceID] = own
	if err := pack.NewSession(p).Configure(configs); err != nil {
		if b.config != "" {
			return nil, fmt.Errorf("%s: %w", b.config, err)
		}
		return nil, err
	}
	return configs, nil
}

// session is a session by the flags.
func (b *basis) session(p *pack.Pack) (*pack.Session, error) {
	configs, err := b.configure(p)
	if err != nil {
		return nil, err
	}
	s := pack.NewSession(p)
	return s, s.Configure(configs)
}
