//! Draws a figure with plotters, on whatever it can draw on.

use std::cell::Cell;

use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font::{FAMILY, text_width};
use super::legend::Legend;
use super::palette::{Ground, Swatch};
use super::scale::Extent;
use super::{Figure, Mark, Point, Scale};

/// Width of a figure, in units of which one is about a pixel of a screen: a column of a paper.
pub(super) const WIDTH: f64 = 460.0;
/// Height of the axes with their text.
pub(super) const HEIGHT: f64 = 280.0;
/// Height of the title above them, where there is one.
const TITLE: f64 = 26.0;

/// Size of text, from the top of an ascender to the bottom of a descender.
const TEXT: f64 = 12.0;
const TITLE_TEXT: f64 = 13.5;

/// More points than this are drawn without dots.
const MOST_DOTS: usize = 60;

/// How a figure is to look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Steps of the coordinates in a unit.
    pub(super) steps: f64,
    /// How the vertical axis is laid out.
    pub(super) scale: Scale,
    /// Whether title and legend are drawn too.
    pub(super) alone: bool,
    /// Whether the ground draws dashes by itself, as told by the layer.
    pub(super) dashes: bool,
    /// How far text must be moved down to stand in the middle, as a part of its size.
    pub(super) text_drop: f64,
}

/// What is being drawn, for grounds that keep it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Axes and grid.
    Frame,
    /// The series of this number.
    Series {
        /// Its place.
        index: usize,
        /// Whether its lines are dashed.
        dashed: bool,
    },
    /// The reference of this number.
    Reference(usize),
}

/// Where the data of a drawn figure are: what is needed to find a value under a pointer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// Left, top, right and bottom of the data, in steps.
    pub(super) plot: [i32; 4],
    pub(super) x: Extent,
    pub(super) y: Extent,
}

type Plot<B> = DrawingArea<B, Cartesian2d<Extent, Extent>>;
type Root<B> = DrawingArea<B, Shift>;
type Failed<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

impl Look {
    fn steps(&self, units: f64) -> i32 {
        (units * self.steps).round() as i32
    }

    fn width(&self, units: f64) -> u32 {
        (units * self.steps).round().max(1.0) as u32
    }

    /// Width and height of the whole figure in steps.
    pub(super) fn size(&self, figure: &Figure) -> (u32, u32) {
        let above = if self.alone {
            TITLE + Legend::new(figure, WIDTH).height()
        } else {
            0.0
        };
        (self.width(WIDTH), self.width(HEIGHT + above))
    }
}

/// Draws `figure` over all of `root`.
pub(super) fn draw<B: DrawingBackend>(
    figure: &Figure,
    root: &Root<B>,
    look: &Look,
    layer: &Cell<Layer>,
) -> Result<Place, Failed<B>> {
    let pen = Pen { root, look };
    layer.set(Layer::Frame);
    let mut top = 8.0;
    if look.alone {
        let legend = Legend::new(figure, WIDTH);
        pen.text(
            &figure.title,
            (10.0, 0.5 * TITLE),
            HPos::Left,
            Swatch::Ink,
            TITLE_TEXT,
        )?;
        pen.legend(figure, &legend)?;
        top += TITLE + legend.height();
    }
    let x = Extent::horizontal(figure);
    let y = Extent::vertical(figure, look.scale);
    let widest = y.marks.iter().map(|(_, name)| text_width(name, TEXT));
    let left = 30.0 + widest.fold(0.0, f64::max);
    let bottom = top - 8.0 + HEIGHT - 44.0;
    let right = WIDTH - 14.0;
    let plot = [left, top, right, bottom].map(|units| look.steps(units));
    let place = Place { plot, x, y };
    pen.axes(figure, &place)?;

    let [x0, y0, x1, y1] = plot;
    let spec =
        Cartesian2d::<Extent, Extent>::new(place.x.clone(), place.y.clone(), (x0..x1, y1..y0));
    let area = root.apply_coord_spec(spec);
    let mut below: Vec<(f64, f64)> = Vec::new();
    for (index, series) in figure.series.iter().enumerate() {
        let dashed = series.mark == Mark::Dashed;
        layer.set(Layer::Series { index, dashed });
        let swatch = Swatch::from(series.colour);
        let shown =
            |point: &&Point| point.is_finite() && (look.scale == Scale::Linear || point.y > 0.0);
        if series.mark == Mark::Stack {
            for point in series.points.iter().filter(|point| point.is_finite()) {
                pen.bar(&area, point, &mut below, swatch)?;
            }
            continue;
        }
        let pieces = series.points.split(|point| !shown(&point));
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            pen.band(&area, piece, &place.y, swatch)?;
            let points: Vec<(f64, f64)> = match series.mark {
                Mark::Steps => steps(piece),
                _ => piece.iter().map(|point| (point.x, point.y)).collect(),
            };
            let dash = dashed.then_some((6.0, 4.0));
            pen.line(&area, points, swatch, 1.8, dash)?;
        }
        let dots = match series.mark {
            Mark::Line => series.points.len() <= MOST_DOTS,
            _ => series.points.len() == 1,
        };
        if dots {
            for point in series.points.iter().filter(shown) {
                let dot = Circle::new((point.x, point.y), look.width(3.0), colour(swatch).filled());
                area.draw(&dot)?;
            }
        }
    }
    for (index, reference) in figure.references.iter().enumerate() {
        let finite = reference.y.is_finite();
        if finite && (look.scale == Scale::Linear || reference.y > 0.0) {
            layer.set(Layer::Reference(index));
            let line = vec![(place.x.low, reference.y), (place.x.high, reference.y)];
            pen.line(&area, line, reference.colour.into(), 1.4, Some((1.5, 3.0)))?;
        }
    }
    layer.set(Layer::Frame);
    root.present()?;
    Ok(place)
}

fn colour(swatch: Swatch) -> RGBColor {
    let (r, g, b) = swatch.rgb(Ground::Light);
    RGBColor(r, g, b)
}

/// The outline of a histogram.
fn steps(points: &[Point]) -> Vec<(f64, f64)> {
    let mut outline = Vec::with_capacity(2 * points.len());
    for point in points {
        if let Some(&(_, height)) = outline.last() {
            outline.push((point.x, height));
        }
        outline.push((point.x, point.y));
    }
    outline
}

struct Pen<'a, B: DrawingBackend> {
    root: &'a Root<B>,
    look: &'a Look,
}

impl<B: DrawingBackend> Pen<'_, B> {
    /// Writes `text` with its vertical middle at `at`, in units.
    fn text(
        &self,
        text: &str,
        at: (f64, f64),
        anchor: HPos,
        swatch: Swatch,
        size: f64,
    ) -> Result<(), Failed<B>> {
        let style = self.style(size, swatch, anchor);
        let at = (at.0, at.1 + self.look.text_drop * size);
        let element = Text::new(text, self.at(at), style);
        self.root.draw(&element)
    }

    fn style(&self, size: f64, swatch: Swatch, anchor: HPos) -> TextStyle<'static> {
        (FAMILY, size * super::font::LINE * self.look.steps)
            .into_font()
            .color(&colour(swatch))
            .pos(Pos::new(anchor, VPos::Center))
    }

    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        (self.look.steps(x), self.look.steps(y))
    }

    /// Grid, marks and names of the axes.
    fn axes(&self, figure: &Figure, place: &Place) -> Result<(), Failed<B>> {
        let [left, top, right, bottom] = place.plot.map(|step| f64::from(step) / self.look.steps);
        for (mark, name) in &place.y.marks {
            let y = bottom - place.y.place(*mark) * (bottom - top);
            self.rule((left, y), (right, y), Swatch::Grid, 1.0)?;
            self.text(name, (left - 6.0, y), HPos::Right, Swatch::Axis, TEXT)?;
        }
        for (mark, name) in &place.x.marks {
            let x = left + place.x.place(*mark) * (right - left);
            self.rule((x, bottom), (x, bottom + 4.0), Swatch::Axis, 1.0)?;
            self.text(name, (x, bottom + 13.0), HPos::Center, Swatch::Axis, TEXT)?;
        }
        self.rule((left, bottom), (right, bottom), Swatch::Axis, 1.0)?;
        let middle = 0.5 * (left + right);
        self.text(
            &figure.x.label,
            (middle, bottom + 32.0),
            HPos::Center,
            Swatch::Axis,
            TEXT,
        )?;
        let style = self
            .style(TEXT, Swatch::Axis, HPos::Center)
            .transform(FontTransform::Rotate270);
        let at = (11.0 + self.look.text_drop * TEXT, 0.5 * (top + bottom));
        let name = Text::new(figure.y.label.as_str(), self.at(at), style);
        self.root.draw(&name)
    }

    /// A straight line between two places, in units.
    fn rule(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        swatch: Swatch,
        width: f64,
    ) -> Result<(), Failed<B>> {
        let style = colour(swatch).stroke_width(self.look.width(width));
        self.root
            .draw(&PathElement::new(vec![self.at(from), self.at(to)], style))
    }

    fn legend(&self, figure: &Figure, legend: &Legend) -> Result<(), Failed<B>> {
        for entry in &legend.entries {
            let (x, y) = (entry.x, TITLE + entry.y);
            let swatch = Swatch::from(entry.colour);
            let (from, to) = ((x, y), (x + Legend::SAMPLE, y));
            match entry.series.map(|index| figure.series[index].mark) {
                Some(Mark::Stack) => {
                    let corners = [self.at((x + 4.0, y - 5.0)), self.at((x + 14.0, y + 5.0))];
                    self.root
                        .draw(&Rectangle::new(corners, colour(swatch).filled()))?;
                }
                Some(Mark::Dashed) => self.dashes(from, to, swatch, 1.8, (5.0, 3.0))?,
                Some(_) => self.rule(from, to, swatch, 1.8)?,
                None => self.dashes(from, to, swatch, 1.4, (1.5, 3.0))?,
            }
            let at = (x + Legend::SAMPLE + Legend::GAP, y);
            self.text(&entry.label, at, HPos::Left, Swatch::Ink, Legend::TEXT)?;
        }
        Ok(())
    }

    /// A dashed line between two places on one height, in units.
    fn dashes(
        &self,
        (mut x, y): (f64, f64),
        to: (f64, f64),
        swatch: Swatch,
        width: f64,
        (on, off): (f64, f64),
    ) -> Result<(), Failed<B>> {
        while x < to.0 {
            self.rule((x, y), ((x + on).min(to.0), y), swatch, width)?;
            x += on + off;
        }
        Ok(())
    }

    /// A line through the data, with dashes of some length and distance.
    fn line(
        &self,
        area: &Plot<B>,
        points: Vec<(f64, f64)>,
        swatch: Swatch,
        width: f64,
        dash: Option<(f64, f64)>,
    ) -> Result<(), Failed<B>> {
        if points.len() < 2 {
            return Ok(());
        }
        let style = colour(swatch).stroke_width(self.look.width(width));
        match dash {
            Some((on, off)) if !self.look.dashes => area.draw(&DashedPathElement::new(
                points,
                self.look.width(on),
                self.look.width(off),
                style,
            )),
            _ => area.draw(&PathElement::new(points, style)),
        }
    }

    /// The area between the ends of the intervals, as far as the axis goes.
    fn band(
        &self,
        area: &Plot<B>,
        piece: &[Point],
        y: &Extent,
        swatch: Swatch,
    ) -> Result<(), Failed<B>> {
        let ends: Vec<(f64, f64, f64)> = piece
            .iter()
            .filter_map(|point| {
                let (low, high) = point.interval?;
                Some((point.x, low.clamp(y.low, y.high), high.clamp(y.low, y.high)))
            })
            .collect();
        match ends[..] {
            [] => Ok(()),
            // A single interval has no area.
            [(x, low, high)] => self.line(area, vec![(x, low), (x, high)], swatch, 1.2, None),
            _ => {
                let upper = ends.iter().map(|&(x, _, high)| (x, high));
                let lower = ends.iter().rev().map(|&(x, low, _)| (x, low));
                let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
                area.draw(&Polygon::new(outline, colour(swatch).mix(0.18)))
            }
        }
    }

    /// A bar on those below it, of which `below` keeps the heights by place.
    fn bar(
        &self,
        area: &Plot<B>,
        point: &Point,
        below: &mut Vec<(f64, f64)>,
        swatch: Swatch,
    ) -> Result<(), Failed<B>> {
        const HALF_WIDTH: f64 = 0.4;
        let place = below.iter().position(|&(x, _)| x == point.x);
        let place = place.unwrap_or_else(|| {
            below.push((point.x, 0.0));
            below.len() - 1
        });
        let from = below[place].1;
        below[place].1 += point.y;
        if point.y == 0.0 {
            return Ok(());
        }
        let corners = [
            (point.x - HALF_WIDTH, from),
            (point.x + HALF_WIDTH, from + point.y),
        ];
        area.draw(&Rectangle::new(corners, colour(swatch).filled()))
    }
}
