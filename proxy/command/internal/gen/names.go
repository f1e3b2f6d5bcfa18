package main

import "strings"

// goNames are the constants that the rule of goName would make unreadable or that package command needs
// for something else.
var goNames = map[string]string{
	"info":                "ServerInfo",
	"pubsub":              "PubsubQuery",
	"client|getname":      "ClientGetName",
	"client|setname":      "ClientSetName",
	"client|setinfo":      "ClientSetInfo",
	"client|getredir":     "ClientGetRedir",
	"client|trackinginfo": "ClientTrackingInfo",
	"evalsha":             "EvalSha",
	"evalsha_ro":          "EvalShaRo",
	"psubscribe":          "PSubscribe",
	"punsubscribe":        "PUnsubscribe",
	"ssubscribe":          "SSubscribe",
	"sunsubscribe":        "SUnsubscribe",
	"waitaof":             "WaitAOF",
	"xreadgroup":          "XReadGroup",
	"xread":               "XRead",
}

// goName gives the constant for a command: "client|no-evict" is ClientNoEvict, "json.set" JsonSet.
func goName(name string) string {
	if fixed := goNames[name]; fixed != "" {
		return fixed
	}
	var out strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("|-_. ", r) }) {
		out.WriteString(title(part))
	}
	return out.String()
}

// ruleName gives the constant of a rule without its prefix.
func ruleName(rule string) string {
	return map[string]string{
		"subcommand": "Subcommand", "set": "Set", "expiry": "Expiry", "getex": "Getex", "freshdest": "FreshDest",
		"freshbitopdest": "FreshBitopDest", "bitfieldget": "BitfieldGet", "trimend": "TrimEnd",
		"onlyexisting": "OnlyExisting", "nostore": "NoStore", "noblock": "NoBlock", "replace": "Replace",
	}[rule]
}

func title(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
