package load

import "strings"

// Matrix is the product of the lists, commands innermost so that SET and GET of one setting stand together. A protocol is 2
// or 3; a rate 0 is a closed loop.
func Matrix(commands []string, sizes, conns, depths, protocols, rates []int) []Case {
	var cases []Case
	for _, rate := range rates {
		for _, protocol := range protocols {
			for _, size := range sizes {
				for _, n := range conns {
					for _, depth := range depths {
						for _, command := range commands {
							c := Case{Command: strings.ToUpper(command), Size: size, Conns: n, Depth: depth, Rate: rate}
							if protocol == 3 {
								c.Protocol = 3
							}
							cases = append(cases, c)
						}
					}
				}
			}
		}
	}
	return cases
}

// base is the middle of the star.
var base = Case{Command: "GET", Size: 64, Conns: 50, Depth: 1}

// FixedRate is commands per second of the case that is measured at a fixed rate: a fraction of what any of the targets can do, so that
// latencies tell of the target and not of a queue that grows.
const FixedRate = 10_000

// with is c with one thing changed.
func with(c Case, change func(*Case)) Case {
	change(&c)
	return c
}

// Base says whether the case is one of the middle of the star: GET and SET, 64 B, 50 connections, depth 1 and 16.
func (c Case) Base() bool {
	return c == Case{Command: c.Command, Size: 64, Conns: 50, Depth: c.Depth} &&
		(c.Command == "GET" || c.Command == "SET") && (c.Depth == 1 || c.Depth == 16)
}

// Core is what the requirements speak of: the middle of the star, and a few of its rays.
func Core() []Case {
	return []Case{
		with(base, func(c *Case) { c.Command = "SET" }),
		base,
		with(base, func(c *Case) { c.Command, c.Depth = "SET", 16 }),
		with(base, func(c *Case) { c.Depth = 16 }),
		with(base, func(c *Case) { c.Conns = 500 }),
		with(base, func(c *Case) { c.Conns, c.Depth = 500, 16 }),
		with(base, func(c *Case) { c.Size = 4 << 20 }),
		with(base, func(c *Case) { c.Command, c.Size = "SET", 4<<20 }),
		with(base, func(c *Case) { c.Command = "MULTI" }),
		with(base, func(c *Case) { c.Command = "WATCH" }),
		with(base, func(c *Case) { c.Rate = FixedRate }),
	}
}

// Star is Core and the other values of each factor, one factor changed at a time: the product of all of them would take
// hours.
func Star() []Case {
	cases := Core()
	for _, command := range []string{"MIXED", "MSET10", "LPUSH", "LRANGE100"} {
		cases = append(cases, with(base, func(c *Case) { c.Command = command }))
	}
	for _, command := range []string{"MSET10", "LRANGE100"} {
		cases = append(cases, with(base, func(c *Case) { c.Command, c.Depth = command, 16 }))
	}
	for _, size := range []int{1 << 10, 64 << 10} {
		for _, command := range []string{"SET", "GET"} {
			cases = append(cases, with(base, func(c *Case) { c.Command, c.Size = command, size }))
		}
	}
	for _, conns := range []int{1, 5000} {
		for _, depth := range []int{1, 16} {
			cases = append(cases, with(base, func(c *Case) { c.Conns, c.Depth = conns, depth }))
		}
	}
	for _, depth := range []int{4, 128} {
		cases = append(cases, with(base, func(c *Case) { c.Depth = depth }))
	}
	return append(cases, with(base, func(c *Case) { c.Protocol, c.Depth = 3, 16 }))
}
