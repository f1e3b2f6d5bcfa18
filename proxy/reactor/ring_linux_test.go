package reactor

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BenchmarkRing is a turn's 16 pipelines and their replies, sent and received: by a system call each, and by one for all that hands io_uring a list.
// The latter is not used: see docs/performance.md.
func BenchmarkRing(b *testing.B) {
	const connections = 16
	for _, network := range []string{"tcp", "unix"} {
		var from, to [connections]int
		for i := range connections {
			from[i], to[i] = connected(b, network)
		}
		request, reply := make([]byte, 576), make([]byte, 1136)
		b.Run(network+"/calls", func(b *testing.B) {
			call := func(f func(int, []byte) (int, error), fds [connections]int, buf []byte) {
				for _, fd := range fds {
					if n, err := f(fd, buf); n != len(buf) || err != nil {
						b.Fatal(n, err)
					}
				}
			}
			for b.Loop() {
				call(writeFD, from, request)
				call(readFD, to, request)
				call(writeFD, to, reply)
				call(readFD, from, reply)
			}
		})
		b.Run(network+"/ring", func(b *testing.B) {
			r := newUring(b)
			const send, receive = 26, 27 // IORING_OP_SEND, IORING_OP_RECV
			for b.Loop() {
				r.all(b, send, from[:], request)
				r.all(b, receive, to[:], request)
				r.all(b, send, to[:], reply)
				r.all(b, receive, from[:], reply)
			}
		})
	}
}

// uring is an io_uring with room for the operations of one turn.
type uring struct {
	fd                       uintptr
	tail, mask               *uint32 // of the submissions
	doneHead, done, doneMask *uint32 // of the completions
	index                    []uint32
	submissions              []submission
	completions              []completion
}

// submission and completion are struct io_uring_sqe and io_uring_cqe of linux/io_uring.h.
type (
	submission struct {
		op, flags       uint8
		priority        uint16
		fd              int32
		offset, address uint64
		length, options uint32
		user            uint64
		_               [3]uint64
	}
	completion struct {
		user   uint64
		result int32
		flags  uint32
	}
)

// newUring makes one that is used by this thread only, the cheapest kind.
func newUring(b *testing.B) *uring {
	b.Helper()
	const entries, singleIssuer, deferTasks, offSubmissions = 64, 1 << 12, 1 << 13, 0x10000000
	runtime.LockOSThread()
	var p struct { // struct io_uring_params
		submissions, completions, flags, cpu, idle, features, workers uint32
		_                                                             [3]uint32
		sq, cq                                                        [10]uint32
	}
	p.flags = singleIssuer | deferTasks
	fd, _, errno := syscall.Syscall(unix.SYS_IO_URING_SETUP, entries, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		b.Skip("io_uring: ", errno)
	}
	mapped := func(offset int64, size uint32) []byte {
		m, err := unix.Mmap(int(fd), offset, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
		if err != nil {
			b.Fatal(os.NewSyscallError("mmap", err))
		}
		b.Cleanup(func() { _ = unix.Munmap(m) })
		return m
	}
	const tail, mask, sqArray, cqCompletions = 1, 2, 6, 5 // members of struct io_sqring_offsets and io_cqring_offsets
	rings := mapped(0, max(p.sq[sqArray]+4*p.submissions, p.cq[cqCompletions]+16*p.completions))
	list := mapped(offSubmissions, 64*p.submissions)
	b.Cleanup(func() { closeFD(int(fd)) })
	at := func(offset uint32) *uint32 { return (*uint32)(unsafe.Pointer(&rings[offset])) }
	return &uring{
		fd: fd, tail: at(p.sq[tail]), mask: at(p.sq[mask]), doneHead: at(p.cq[0]), done: at(p.cq[tail]), doneMask: at(p.cq[mask]),
		index:       unsafe.Slice(at(p.sq[sqArray]), p.submissions),
		submissions: unsafe.Slice((*submission)(unsafe.Pointer(&list[0])), p.submissions),
		completions: unsafe.Slice((*completion)(unsafe.Pointer(at(p.cq[cqCompletions]))), p.completions),
	}
}

// all does the same with each descriptor, and waits until it is done.
func (r *uring) all(b *testing.B, op uint8, fds []int, buf []byte) {
	for _, fd := range fds {
		i := *r.tail & *r.mask
		r.submissions[i] = submission{
			op: op, fd: int32(fd), address: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(buf)))), length: uint32(len(buf)),
		}
		r.index[i] = i
		atomic.AddUint32(r.tail, 1)
	}
	const getEvents = 1
	n := uintptr(len(fds))
	if _, _, errno := syscall.RawSyscall6(unix.SYS_IO_URING_ENTER, r.fd, n, n, getEvents, 0, 0); errno != 0 {
		b.Fatal(os.NewSyscallError("io_uring_enter", errno))
	}
	for ; *r.doneHead != atomic.LoadUint32(r.done); atomic.AddUint32(r.doneHead, 1) {
		if c := r.completions[*r.doneHead&*r.doneMask]; int(c.result) != len(buf) {
			b.Fatal("result ", c.result)
		}
		n--
	}
	if n != 0 {
		b.Fatal(n, " operations are not done")
	}
}
