// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// table writes the figures as Markdown.
func table(w io.Writer, f figures, sizes []int, packs []pack) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d × %s, %d GiB; %s\n", f.Machine.System, f.Machine.Cores, f.Machine.Processor, (f.Machine.MemoryMB+512)/1024, f.Date)
	for _, name := range slices.Sorted(maps.Keys(f.Versions)) {
		fmt.Fprintf(&b, "%s %s; ", name, f.Versions[name])
	}
	b.WriteString("\n\nMin / median / max. The gain over no pack is the median of the rounds, with the interval that holds it with 95 %.\n\n")
	b.WriteString("| Resources | Preview with | Wall, s | Gain | Processor, s | Gain | of it the pack, s | Pack's peak, MB |\n|--:|---|--:|--:|--:|--:|--:|--:|\n")
	worst := 0.0
	for _, n := range sizes {
		measured := f.Sizes[strconv.Itoa(n)]
		base := measured[none]
		for _, p := range packs {
			if len(measured[p.name]) == 0 {
				continue
			}
			row(&b, n, p, base, measured[p.name])
			for _, s := range measured[p.name] {
				worst = max(worst, s.disturbance())
			}
		}
	}
	fmt.Fprintf(&b, "\nIn the run that was disturbed most, everything else used %.0f %% of the machine.\n", 100*worst)
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, n int, p pack, base, own []sample) {
	walls := func(s sample) float64 { return s.WallSeconds }
	cpus := func(s sample) float64 { return s.CPUSeconds }
	wallGain, cpuGain, share, memory := "", "", "", ""
	if p.process != "" {
		wallGain, cpuGain = percent(gainOf(column(base, walls), column(own, walls))), percent(gainOf(column(base, cpus), column(own, cpus)))
		share = fmt.Sprintf("%.2f", spreadOf(column(own, func(s sample) float64 { return s.PackSeconds })).median)
		m := spreadOf(column(own, func(s sample) float64 { return s.PackMB }))
		memory = fmt.Sprintf("%.3g / %.3g / %.3g", m.min, m.median, m.max)
	}
	wall, cpu := spreadOf(column(own, walls)), spreadOf(column(own, cpus))
	fmt.Fprintf(b, "| %d | %s | %.2f / %.2f / %.2f | %s | %.2f / %.2f / %.2f | %s | %s | %s |\n",
		n, p.name, wall.min, wall.median, wall.max, wallGain, cpu.min, cpu.median, cpu.max, cpuGain, share, memory)
}

func column(samples []sample, of func(sample) float64) []float64 {
	list := make([]float64, len(samples))
	for i, s := range samples {
		list[i] = of(s)
	}
	return list
}

func percent(g gain) string {
	if !g.known {
		return fmt.Sprintf("%+.1f %%", 100*g.median)
	}
	return fmt.Sprintf("%+.1f %% (%+.1f to %+.1f)", 100*g.median, 100*g.low, 100*g.high)
}
