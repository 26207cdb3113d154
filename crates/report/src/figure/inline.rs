//! A figure as SVG within the page: colours are classes of the page's style sheet, and every series is
//! a group of its own that a script can hide.

use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Write;

use plotters::prelude::*;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind, FontTransform,
};

use super::draw::{HEIGHT, Layer, Look, Place, WIDTH, draw};
use super::palette::{Ground, Rgb, Swatch};
use super::{Figure, Scale, font};
use crate::ReportError;

/// Steps of the coordinates in a unit.
const STEPS: f64 = 10.0;

impl Figure {
    /// The figure with its vertical axis laid out like this, as an `svg` element.
    pub(crate) fn inline(&self, scale: Scale) -> Result<String, ReportError> {
        font::register();
        let look = Look {
            steps: STEPS,
            scale,
            alone: false,
            dashes: true,
            text_drop: 0.0,
        };
        let layer = Cell::new(Layer::Frame);
        let mut body = String::new();
        let place = {
            let backend = Inline::new(&mut body, look.size(self), &layer);
            let root = backend.into_drawing_area();
            draw(self, &root, &look, &layer).map_err(|error| self.failed(&error))?
        };
        Ok(self.framed(&body, &place))
    }

    fn framed(&self, body: &str, place: &Place) -> String {
        let [left, top, right, bottom] = place.plot;
        let axis = |name: &str, extent: &super::scale::Extent| {
            format!(
                " data-{name}=\"{} {} {}\"",
                extent.low,
                extent.high,
                extent.scale.name()
            )
        };
        format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" data-scale=\"{}\" \
             data-plot=\"{left} {top} {right} {bottom}\"{}{}>{body}</svg>",
            WIDTH * STEPS,
            HEIGHT * STEPS,
            escaped(&self.title),
            place.y.scale.name(),
            axis("x", &place.x),
            axis("y", &place.y),
        )
    }
}

/// Text as it stands in XML.
fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '"' => result.push_str("&quot;"),
            // XML has no way to write these.
            c if c.is_control() => result.push('\u{FFFD}'),
            c => result.push(c),
        }
    }
    result
}

/// Writes what is drawn as elements of SVG.
struct Inline<'a> {
    out: &'a mut String,
    size: (u32, u32),
    layer: &'a Cell<Layer>,
    /// The layer whose group is open.
    open: Layer,
    /// Dots that have not been written yet: their class and their places.
    dots: Option<(String, String)>,
    classes: HashMap<Rgb, String>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> Inline<'a> {
    fn new(out: &'a mut String, size: (u32, u32), layer: &'a Cell<Layer>) -> Self {
        Self {
            out,
            size,
            layer,
            open: Layer::Frame,
            dots: None,
            classes: Swatch::all()
                .map(|swatch| (swatch.rgb(Ground::Light), swatch.class()))
                .collect(),
        }
    }

    /// Makes the group of the present layer the open one.
    fn enter(&mut self) {
        let layer = self.layer.get();
        if layer == self.open {
            return;
        }
        self.write_dots();
        if self.open != Layer::Frame {
            self.out.push_str("</g>");
        }
        let _ = match layer {
            Layer::Frame => Ok(()),
            Layer::Series { index, dashed } => {
                let class = if dashed { " class=\"dashed\"" } else { "" };
                write!(self.out, "<g data-series=\"{index}\"{class}>")
            }
            Layer::Reference(index) => {
                write!(self.out, "<g data-reference=\"{index}\" class=\"dotted\">")
            }
        };
        self.open = layer;
    }

    fn write_dots(&mut self) {
        if let Some((class, places)) = self.dots.take() {
            let _ = write!(
                self.out,
                "<path class=\"dots {class}\" d=\"{places}\"></path>"
            );
        }
    }

    fn class(&self, color: BackendColor) -> String {
        self.classes.get(&color.rgb).cloned().unwrap_or_default()
    }

    fn path(&mut self, kind: &str, color: BackendColor, data: &str) {
        self.enter();
        self.write_dots();
        let class = self.class(color);
        let _ = write!(
            self.out,
            "<path class=\"{kind} {class}\" d=\"{data}\"></path>"
        );
    }
}

/// The data of a path through these places: the first, and then the way to each next one.
fn path_data(places: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut data = String::new();
    let mut last: Option<BackendCoord> = None;
    for (x, y) in places {
        let _ = match last {
            None => write!(data, "M{x} {y}"),
            Some((x0, y0)) if (x, y) == (x0, y0) => continue,
            Some((x0, y0)) if y == y0 => write!(data, "h{}", x - x0),
            Some((x0, y0)) if x == x0 => write!(data, "v{}", y - y0),
            // A minus sign parts the numbers as well as a space does.
            Some((x0, y0)) if y < y0 => write!(data, "l{}{}", x - x0, y - y0),
            Some((x0, y0)) => write!(data, "l{} {}", x - x0, y - y0),
        };
        last = Some((x, y));
    }
    data
}

impl DrawingBackend for Inline<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.enter();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.path("fill", color, &format!("M{x} {y}h1v1h-1z"));
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.path("line", style.color(), &path_data([from, to]));
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (x0, y0): BackendCoord,
        (x1, y1): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let data = format!("M{x0} {y0}H{x1}V{y1}H{x0}z");
        self.path(if fill { "fill" } else { "line" }, style.color(), &data);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let kind = match self.layer.get() {
            Layer::Frame => "rule",
            _ => "line",
        };
        self.path(kind, style.color(), &path_data(path));
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        let kind = if style.color().alpha < 1.0 {
            "band"
        } else {
            "fill"
        };
        self.path(kind, style.color(), &(path_data(path) + "z"));
        Ok(())
    }

    /// A dot is a line without length and with round ends, so that all dots of a series are one path.
    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        _radius: u32,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.enter();
        let class = self.class(style.color());
        if self.dots.as_ref().is_some_and(|(known, _)| *known != class) {
            self.write_dots();
        }
        let (_, places) = self.dots.get_or_insert_with(|| (class, String::new()));
        let _ = write!(places, "M{x} {y}h0");
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): BackendCoord,
    ) -> Drawn {
        self.enter();
        self.write_dots();
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        let turn = match style.transform() {
            FontTransform::Rotate270 => format!(" transform=\"rotate(270,{x},{y})\""),
            _ => String::new(),
        };
        let class = self.class(style.color());
        let _ = write!(
            self.out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" dy=\".35em\" text-anchor=\"{anchor}\"{turn}>{}</text>",
            escaped(text)
        );
        Ok(())
    }
}
