// Package servers starts real servers for tests, the demo and the benchmarks: Redis nodes, Sentinels,
// Dragonfly or its double, HAProxy, twemproxy, or any command, each on 127.0.0.1, in a directory of its own and in a
// process group of its own, and it sees to it that none outlives the program that started it.
//
// Everything is started through a Pool, which stops it all in Close. In tests, NewT gives a Pool that
// fails the test instead of returning errors, closes itself in the test's cleanup, and prints the
// servers' logs when the test has failed:
//
//	pool := servers.NewT(t)
//	cluster := pool.Cluster(servers.ClusterOptions{Replicas: 2, Sentinels: 3})
//	old := cluster.Master()
//	old.Kill()
//
// A missing program is a *MissingError that names the Debian package.
package servers
