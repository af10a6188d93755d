// SPDX-License-Identifier: Apache-2.0

package database

import (
	"math"
	"regexp"
	"strconv"
)

const gib = 1 << 30

var (
	classForm = regexp.MustCompile(`^db\.([a-z]+)[0-9][a-z0-9]*\.(?:([0-9]*)xlarge|(micro|small|medium|large))$`)
	// small are the GiB of memory of the sizes below xlarge, of families with 4 GiB for a processor (RDS user guide, "Hardware specifications
	// for DB instance classes").
	small = map[string]float64{"micro": 1, "small": 2, "medium": 4, "large": 8}
	// perProcessor is what a family has of those 4 GiB.
	perProcessor = map[string]float64{"t": 1, "m": 1, "r": 2, "x": 4, "z": 2, "c": 0.5}
)

// Memory is that of an instance class in bytes; of a class whose family nobody knows here it is that of the smallest, a GiB.
func Memory(class string) float64 {
	parts := classForm.FindStringSubmatch(class)
	if parts == nil {
		return gib
	}
	size, known := small[parts[3]]
	if !known {
		times, err := strconv.Atoi(parts[2])
		if err != nil {
			times = 1
		}
		size = float64(16 * times)
	}
	share, known := perProcessor[parts[1]]
	if !known {
		return gib
	}
	return size * share * gib
}

// MaxConnections is how many connections RDS lets a PostgreSQL of an instance class have, unless a parameter says otherwise (RDS user
// guide, "Maximum number of database connections"). The operating system's part of the memory is not taken off.
func MaxConnections(class string) float64 { return math.Floor(min(Memory(class)/9531392, 5000)) }
