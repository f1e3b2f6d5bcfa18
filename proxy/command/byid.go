package command

// ByID gives the Info of an ID in its plain form.
func ByID(id ID) *Info {
	if int(id) >= len(table) {
		return &table[Unknown]
	}
	return &table[id]
}
