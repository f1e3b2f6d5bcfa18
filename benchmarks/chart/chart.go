// Package chart draws what the benchmarks have measured, as SVG.
package chart

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Axis is what stands along one side.
type Axis struct {
	Label string
	Log   bool
	// Ticks replace the axis's own marks: text by place.
	Ticks map[float64]string
}

// Point of a line.
type Point struct{ X, Y float64 }

// Series is a line with its name.
type Series struct {
	Name   string
	Points []Point // in the order of X; one that is no number, or not above 0 on a Log axis, is left out
	Dots   bool    // a mark at each point, for lines of few
}

// Chart is lines over a common axis.
type Chart struct {
	Title   string
	Caption string // how it was measured, in small letters below the title
	X, Y    Axis
	Series  []Series
}

// Bars is groups of bars side by side.
type Bars struct {
	Title, Caption, Y string
	Groups            []string
	Bars              []Bar
}

// Bar is one bar in each of the groups; NaN leaves it out.
type Bar struct {
	Name   string
	Values []float64
}

const (
	width  = 24 * vg.Centimeter
	height = 12 * vg.Centimeter
)

// standard is what all charts have in common.
func standard(p *plot.Plot, title, caption string) {
	p.Title.Text = title + wrapped(caption)
	p.Title.Padding = vg.Points(6)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	for _, style := range []*draw.TextStyle{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Typeface, style.Font.Variant = "Liberation", font.Variant("Sans")
	}
	p.Title.TextStyle.Font.Size = vg.Points(9)
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{230}, color.Gray{230}
	p.Add(grid)
}

// wrapped is the caption in lines that fit the width.
func wrapped(caption string) string {
	const most = 110
	var out strings.Builder
	column := most
	for _, word := range strings.Fields(caption) {
		n := utf8.RuneCountInString(word)
		if column+1+n > most {
			out.WriteString("\n" + word)
			column = n
			continue
		}
		out.WriteString(" " + word)
		column += 1 + n
	}
	return out.String()
}

func (a Axis) apply(to *plot.Axis) {
	to.Label.Text = a.Label
	if a.Log {
		to.Scale = plot.LogScale{}
		to.Tick.Marker = plot.TickerFunc(decades)
	}
	if a.Ticks != nil {
		var ticks plot.ConstantTicks
		for at, text := range a.Ticks {
			ticks = append(ticks, plot.Tick{Value: at, Label: text})
		}
		to.Tick.Marker = ticks
	}
}

// widen gives a logarithmic axis of one value only some room, in which the library would put its 0.
func (a Axis) widen(axis *plot.Axis) {
	if a.Log && axis.Min == axis.Max {
		axis.Min, axis.Max = axis.Min/2, axis.Max*2
	}
}

// decades are 1, 2 and 5 of each power of ten, written out.
func decades(low, high float64) []plot.Tick {
	if low <= 0 {
		return nil
	}
	var ticks []plot.Tick
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high; power *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if v := n * power; v >= low*0.999 && v <= high*1.001 {
				ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', -1, 64)})
			}
		}
	}
	return ticks
}

// usable are the points that can be drawn.
func (c Chart) usable(s Series) plotter.XYs {
	var points plotter.XYs
	for _, p := range s.Points {
		bad := func(v float64, a Axis) bool { return math.IsNaN(v) || math.IsInf(v, 0) || a.Log && v <= 0 }
		if !bad(p.X, c.X) && !bad(p.Y, c.Y) {
			points = append(points, plotter.XY(p))
		}
	}
	return points
}

// Write draws the chart into a file.
func (c Chart) Write(path string) error {
	p := plot.New()
	standard(p, c.Title, c.Caption)
	c.X.apply(&p.X)
	c.Y.apply(&p.Y)
	if !c.Y.Log {
		p.Y.Min = 0
	}
	drawn := 0
	for i, s := range c.Series {
		points := c.usable(s)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", c.Title, s.Name, err)
		}
		line.Color, line.Width, dots.Color, dots.Shape = plotutil.Color(i), vg.Points(1.3), plotutil.Color(i), plotutil.Shape(i)
		if i >= len(plotutil.DefaultColors) {
			line.Dashes = plotutil.Dashes(1)
		}
		p.Add(line)
		if s.Dots {
			p.Add(dots)
			p.Legend.Add(s.Name, line, dots)
		} else {
			p.Legend.Add(s.Name, line)
		}
		drawn++
	}
	if drawn == 0 {
		return fmt.Errorf("%s: nothing to draw", c.Title)
	}
	c.X.widen(&p.X)
	c.Y.widen(&p.Y)
	return save(p, path)
}

// Write draws the bars into a file.
func (b Bars) Write(path string) error {
	p := plot.New()
	standard(p, b.Title, b.Caption)
	p.Y.Label.Text = b.Y
	p.Y.Min = 0
	thick := width * 0.6 / vg.Length(len(b.Groups)*(len(b.Bars)+1))
	for i, bar := range b.Bars {
		values := make(plotter.Values, len(bar.Values))
		for j, v := range bar.Values {
			if !math.IsNaN(v) {
				values[j] = v
			}
		}
		bars, err := plotter.NewBarChart(values, thick)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", b.Title, bar.Name, err)
		}
		bars.Color, bars.LineStyle.Width = plotutil.Color(i), 0
		bars.Offset = thick * (vg.Length(i) - vg.Length(len(b.Bars)-1)/2)
		p.Add(bars)
		p.Legend.Add(bar.Name, bars)
	}
	p.NominalX(b.Groups...)
	return save(p, path)
}

// save writes the file in one piece, so that one that is there already is not spoilt by an error. The legend stands beside
// the lines, in which it could hide some.
func save(p *plot.Plot, path string) error {
	const beside = 4.6 * vg.Centimeter
	c := vgsvg.NewWith(vgsvg.UseWH(width, height))
	all := draw.New(c)
	legend := p.Legend
	p.Legend = plot.NewLegend()
	p.Draw(draw.Crop(all, 0, -beside, 0, 0))
	legend.Draw(draw.Crop(all, width-beside+vg.Points(8), 0, 0, -vg.Points(48)))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return err
	}
	// The library names the font that it has measured the text with; a viewer that lacks it may take one of the same widths.
	svg := bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	return os.WriteFile(path, svg, 0o644)
}
