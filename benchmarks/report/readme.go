package report

import (
	"fmt"
	"os"
	"strings"
)

// The markers in a README between which the table stands.
const (
	begin = "<!-- bench:begin -->"
	end   = "<!-- bench:end -->"
)

// CheckMarkers says before a run of ten minutes whether its table will have a place.
func CheckMarkers(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = replaceBetween(string(text), "")
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// UpdateReadme replaces what stands between the markers of the file and leaves the rest as it is.
func UpdateReadme(path, content string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated, err := replaceBetween(string(text), content)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(updated), 0o644)
}

func replaceBetween(text, content string) (string, error) {
	if strings.Count(text, begin) != 1 || strings.Count(text, end) != 1 {
		return "", fmt.Errorf("%s and %s must each stand in it once", begin, end)
	}
	before, rest, _ := strings.Cut(text, begin)
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("%s stands before %s", end, begin)
	}
	return before + begin + "\n" + strings.TrimSpace(content) + "\n" + end + after, nil
}
