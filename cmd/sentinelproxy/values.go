package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"sentinelproxy/proxy"
)

// decodeText is the kong.MapperFunc of texts: kong's own takes -1 for a flag.
func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	text, err := popValue(ctx)
	target.SetString(text)
	return err
}

// decodeList is the kong.MapperFunc of lists. A flag may be repeated, and its values are separated by commas if it has a separator.
func decodeList(ctx *kong.DecodeContext, target reflect.Value) error {
	text, err := popValue(ctx)
	if err != nil {
		return err
	}
	values := []string{text}
	if sep := ctx.Value.Tag.Sep; sep != -1 {
		values = kong.SplitEscaped(text, sep)
	}
	target.Set(reflect.AppendSlice(target, reflect.ValueOf(values)))
	return nil
}

// durationValue is a duration as proxy.ParseDuration reads it, so that all flags have the same words for what is wrong.
type durationValue time.Duration

// Decode implements kong.MapperValue.
func (v *durationValue) Decode(ctx *kong.DecodeContext) error {
	text, err := popValue(ctx)
	if err != nil {
		return err
	}
	d, err := proxy.ParseDuration(text)
	*v = durationValue(d)
	return err
}

// popValue takes what stands behind a flag, negative numbers too. Anything else that begins with '-' is the next flag.
func popValue(ctx *kong.DecodeContext) (string, error) {
	token := ctx.Scan.Pop()
	if token.IsEOL() || !token.IsValue() && !isNegative(token.String()) {
		return "", fmt.Errorf("it has no value; one that begins with \"-\" is given as --%s=VALUE", ctx.Value.Name)
	}
	return token.String(), nil
}

// isNegative says whether text is a number below 0, or something with a unit that begins with one: no flag is called so.
func isNegative(text string) bool {
	digits, minus := strings.CutPrefix(text, "-")
	return minus && digits != "" && strings.ContainsRune("0123456789.", rune(digits[0]))
}
