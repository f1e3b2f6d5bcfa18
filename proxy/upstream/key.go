package upstream

// Key says what a link is set up as. Sessions with the same key share one.
type Key struct {
	Username, Password string // both empty: not authenticated; the username alone may be empty (the default user's AUTH with one argument)
	DB                 int
	Proto              uint8 // 2 or 3
	selector           selector
}

// selector is the user that has selected the database, where it is not the present one: Redis stays in a database when
// another user logs in, even one who may not SELECT.
type selector struct {
	other              bool
	username, password string
}

// As is the key of a session that has logged in.
func (k Key) As(username, password string) Key {
	was := k
	k.Username, k.Password = username, password
	switch {
	case k.DB > 0 && !was.selector.other:
		k.selector = selector{true, was.Username, was.Password}
		fallthrough
	case k.selector.other:
		if by := (Key{Username: k.selector.username}); by.user() == k.user() {
			k.selector = selector{}
		}
	}
	return k
}

// In is the key of a session that has selected a database.
func (k Key) In(db int) Key {
	k.DB, k.selector = db, selector{}
	return k
}

func (k Key) authenticated() bool { return k.Username != "" || k.Password != "" }

// user is the user's name: nobody in particular is the default user.
func (k Key) user() string {
	if k.Username == "" {
		return "default"
	}
	return k.Username
}
