package resp

// shallow is the depth that needs no allocation. COMMAND, XREAD and CLUSTER SLOTS come to four.
const shallow = 4

// nesting counts, for each aggregate that is open, the elements that are still to come. To frame a reply one sum would
// do; the stack is there for the limit of its depth, and for attributes, whose end is no element of what is around.
type nesting struct {
	depth  int
	levels [shallow]int64 // twice the elements to come, plus 1 if the aggregate stands aside
	deeper []int64        // levels beyond, kept for the next reply; grown level by level, as they arrive
}

// open begins an aggregate of n > 0 elements, of which maxLength pairs are the most. One that stands aside is no element of what is around it.
func (s *nesting) open(n int64, aside bool) {
	level := n << 1
	if aside {
		level |= 1
	}
	if s.depth < shallow {
		s.levels[s.depth] = level
	} else {
		s.deeper = append(s.deeper[:s.depth-shallow], level)
	}
	s.depth++
}

// count has the innermost aggregate count as an element of what is around it.
func (s *nesting) count() { *s.top() &^= 1 }

// close counts one element, and the aggregates that end with it. True: nothing is open any more, the reply is whole.
func (s *nesting) close() bool {
	for s.depth > 0 {
		level := s.top()
		*level -= 2
		if *level > 1 {
			return false
		}
		s.depth--
		if *level == 1 {
			return false
		}
	}
	return true
}

// left is how many elements of the innermost aggregate are still to come.
func (s *nesting) left() int64 {
	if s.depth == 0 {
		return 0
	}
	return *s.top() >> 1
}

func (s *nesting) setLeft(n int64) { *s.top() = n<<1 | *s.top()&1 }

func (s *nesting) top() *int64 {
	if s.depth <= shallow {
		return &s.levels[s.depth-1]
	}
	return &s.deeper[s.depth-shallow-1]
}
