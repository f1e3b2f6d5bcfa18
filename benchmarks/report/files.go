package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// Write puts a run into dir as NAME.md (what a person reads) with plots beside it, NAME.csv (a row per sample) and NAME.json
// (all that is known). It returns the Markdown file's path. Files of an earlier run with the name are replaced.
func Write(dir, name string, meta Meta, ss Samples, verdicts []Verdict) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var md, table bytes.Buffer
	Full(&md, meta, ss, verdicts)
	plots, err := Plots(dir, name, meta, ss)
	if err != nil {
		return "", err
	}
	for _, file := range plots {
		fmt.Fprintf(&md, "\n![%s](%s)\n", file, file)
	}
	if err := CSV(&table, ss); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(struct {
		Meta    Meta    `json:"meta"`
		Samples Samples `json:"samples"`
	}{meta, ss}, "", " ")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	for suffix, content := range map[string][]byte{".md": md.Bytes(), ".csv": table.Bytes(), ".json": append(text, '\n')} {
		if err := os.WriteFile(path+suffix, content, 0o644); err != nil {
			return "", err
		}
	}
	return path + ".md", nil
}

// CSV writes a row per sample; a figure that the sample has not is an empty field.
func CSV(w io.Writer, ss Samples) error {
	out := csv.NewWriter(w)
	header := []string{"round", "target", "command", "size", "conns", "depth", "protocol", "rate", "commands"}
	for _, m := range Metrics {
		header = append(header, m.Key)
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, s := range ss {
		row := []string{
			strconv.Itoa(s.Round), s.Target, s.Case.Command, strconv.Itoa(s.Case.Size), strconv.Itoa(s.Case.Conns),
			strconv.Itoa(s.Case.Depth), strconv.Itoa(max(2, s.Case.Protocol)), strconv.Itoa(s.Case.Rate), strconv.FormatInt(s.Commands, 10),
		}
		for _, m := range Metrics {
			field := ""
			if v := m.Of(s); !math.IsNaN(v) {
				field = fmt.Sprintf("%.6g", v)
			}
			row = append(row, field)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
