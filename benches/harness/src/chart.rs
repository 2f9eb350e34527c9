//! A backend's figures as bars: ours / peer on a logarithmic axis, beside what was promised.

use bench_peer::Failure;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::catalog::Backend;
use crate::report::Figure;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

// In pixels.
const WIDTH: i32 = 1000;
const TOP: i32 = 74;
const ROW: i32 = 32;
const BOTTOM: i32 = 34;
/// Where the labels are, the axis begins and ends, and the numbers are.
const LABEL: i32 = 16;
const LEFT: i32 = 470;
const RIGHT: i32 = 830;
const NUMBER: i32 = 842;

const INK: RGBColor = RGBColor(32, 32, 32);
const FAINT: RGBColor = RGBColor(110, 110, 110);
const GRID: RGBColor = RGBColor(222, 222, 222);
const PASS: RGBColor = RGBColor(62, 132, 176);
const SHORT: RGBColor = RGBColor(208, 98, 50);
const OPEN: RGBColor = RGBColor(160, 170, 178);

/// From which ratio to which, in whole powers of ten, so that every bar, interval and limit is inside.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn of(figures: &[&Figure]) -> Axis {
        let all = || figures.iter().flat_map(|figure| [figure.ratio, figure.ci.0, figure.ci.1].into_iter().chain(figure.need));
        // What is no number, and nothing at all, leave the axis as it is.
        let low = all().fold(0.1, f64::min).max(1e-6).log10().floor();
        let high = all().fold(10.0, f64::max).min(1e6).log10().ceil();
        Axis { low, high }
    }

    /// The pixel of a ratio; one that is not on the axis is at its end.
    fn at(&self, ratio: f64) -> i32 {
        let part = (ratio.log10() - self.low) / (self.high - self.low);
        LEFT + (part.clamp(0.0, 1.0) * f64::from(RIGHT - LEFT)).round() as i32
    }

    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

/// The chart of these figures, all of one backend, as a text in SVG.
pub fn svg(backend: Backend, figures: &[&Figure]) -> Result<String, Failure> {
    let height = TOP + ROW * figures.len() as i32 + BOTTOM;
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH as u32, height as u32)).into_drawing_area();
        area.fill(&WHITE)?;
        let axis = Axis::of(figures);
        head(&area, backend)?;
        grid(&area, &axis, height - BOTTOM)?;
        for (i, figure) in figures.iter().enumerate() {
            row(&area, &axis, figure, TOP + ROW * i as i32)?;
        }
        area.present()?;
    }
    Ok(text + "\n")
}

fn say(area: &Area, what: &str, at: (i32, i32), size: i32, color: RGBColor, side: HPos) -> Result<(), Failure> {
    let style = ("sans-serif", size).into_font().color(&color).pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(what.to_owned(), at, style))?;
    Ok(())
}

fn head(area: &Area, backend: Backend) -> Result<(), Failure> {
    let name = match backend {
        Backend::Luajit => "LuaJIT",
        Backend::Lua54 => "Lua 5.4",
    };
    say(area, &format!("perilune's time / the peer's, {name}"), (LABEL, 22), 19, INK, HPos::Left)?;
    let mut x = LABEL;
    for (color, what, width) in [(PASS, "as promised", 110), (SHORT, "short of it", 100), (OPEN, "nothing promised", 140)] {
        area.draw(&Rectangle::new([(x, 42), (x + 12, 54)], color.filled()))?;
        say(area, what, (x + 18, 48), 12, FAINT, HPos::Left)?;
        x += width;
    }
    say(area, "| the limit", (x, 48), 12, FAINT, HPos::Left)?;
    say(area, "left is faster; each step ten times", (RIGHT, 22), 12, FAINT, HPos::Right)
}

fn grid(area: &Area, axis: &Axis, bottom: i32) -> Result<(), Failure> {
    for power in axis.powers() {
        let x = axis.at(power);
        let color = if power == 1.0 { FAINT } else { GRID };
        area.draw(&PathElement::new([(x, TOP - 6), (x, bottom)], color))?;
        for y in [TOP - 16, bottom + 14] {
            say(area, &power.to_string(), (x, y), 12, FAINT, HPos::Center)?;
        }
    }
    Ok(())
}

fn row(area: &Area, axis: &Axis, figure: &Figure, top: i32) -> Result<(), Failure> {
    let color = match (figure.need, figure.pass) {
        (None, _) => OPEN,
        (Some(_), true) => PASS,
        (Some(_), false) => SHORT,
    };
    say(area, &format!("{}, peer: {}", figure.id, figure.peer), (LABEL, top + 9), 13, INK, HPos::Left)?;
    say(area, &cut(&figure.work, 88), (LABEL, top + 22), 10, FAINT, HPos::Left)?;
    let (one, end) = (axis.at(1.0), axis.at(figure.ratio));
    area.draw(&Rectangle::new([(one.min(end), top + 7), (one.max(end), top + 23)], color.filled()))?;
    area.draw(&PathElement::new([(axis.at(figure.ci.0), top + 15), (axis.at(figure.ci.1), top + 15)], INK))?;
    let mut number = format!("{:.3}", figure.ratio);
    if let Some(limit) = figure.need {
        let x = axis.at(limit);
        area.draw(&PathElement::new([(x, top + 3), (x, top + 27)], INK.stroke_width(2)))?;
        number += &format!(" (limit {})", (limit * 1000.0).round() / 1000.0);
    }
    say(area, &number, (NUMBER, top + 15), 12, INK, HPos::Left)
}

/// The text, or as much of it as has room.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    text.chars().take(room - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Need, Side};
    use crate::report::figure;

    fn some(work: &str, ratio: f64, need: Need) -> Figure {
        figure("P1", work.into(), Backend::Luajit, &[ratio; 6], (Side::C, &[1.0; 6]), need)
    }

    #[test]
    fn every_bar_is_on_the_axis() {
        let (slow, fast) = (some("slow", 12.0, Need::None), some("fast", 0.004, Need::Faster(40.0)));
        let axis = Axis::of(&[&slow, &fast]);
        assert_eq!(axis.powers().collect::<Vec<_>>(), [0.001, 0.01, 0.1, 1.0, 10.0, 100.0]);
        assert_eq!((axis.at(0.001), axis.at(100.0)), (LEFT, RIGHT));
        assert!(axis.at(0.004) < axis.at(0.025) && axis.at(1.0) < axis.at(12.0));
    }

    #[test]
    fn a_chart_says_what_the_figures_say() {
        let figures = [some("a call of f(a < b)", 0.9, Need::AtMost(1.03)), some("another", 2.0, Need::AtMost(1.5))];
        let text = svg(Backend::Lua54, &figures.each_ref()).unwrap();
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
        for word in ["Lua 5.4", "a call of f(a &lt; b)", "another", "0.900 (limit 1.03)", "2.000 (limit 1.5)", "#3E84B0", "#D06232"] {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!((cut("abc", 3), cut("abcd", 3)), ("abc".into(), "ab…".into()));
    }
}
