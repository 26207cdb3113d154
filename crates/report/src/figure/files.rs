//! A figure as a picture in a file.

use std::cell::Cell;

use plotters::prelude::*;

use super::draw::{Layer, Look, draw};
use super::{Figure, font};
use crate::ReportError;

/// Steps of a unit in an SVG file: plotters has whole numbers for coordinates.
const SVG_STEPS: u32 = 20;
/// Pixels of a unit in a PNG file: 1,380 in the width of a column, 400 an inch.
const PNG_PIXELS: u32 = 3;
/// Steps of a pixel while drawing: the mean over them smooths edges.
const OVERSAMPLING: u32 = 2;

impl Figure {
    /// The figure as an SVG file, with title and legend.
    ///
    /// # Errors
    /// A figure that plotters cannot draw.
    pub fn svg(&self) -> Result<String, ReportError> {
        let look = self.look(SVG_STEPS, 0.0);
        let (width, height) = look.size(self);
        let mut text = String::new();
        {
            let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            self.draw_on(&root, &look)?;
        }
        // The steps are the file's own unit; seen from outside, it is as large as it is meant to be.
        let size = format!("width=\"{width}\" height=\"{height}\"");
        let meant = format!(
            "width=\"{}\" height=\"{}\"",
            width / SVG_STEPS,
            height / SVG_STEPS
        );
        Ok(text.replacen(&size, &meant, 1))
    }

    /// The figure as a PNG file, with title and legend on white.
    ///
    /// # Errors
    /// A figure that plotters cannot draw.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        // plotters rests bitmap text on half of its line; this brings it to the middle of its capitals.
        let look = self.look(PNG_PIXELS * OVERSAMPLING, 0.24);
        let (width, height) = look.size(self);
        let mut fine = vec![0xFF; 3 * width as usize * height as usize];
        {
            let backend = BitMapBackend::with_buffer(&mut fine, (width, height));
            self.draw_on(&backend.into_drawing_area(), &look)?;
        }
        let (width, pixels) = reduced(&fine, width as usize, OVERSAMPLING as usize);
        let height = pixels.len() / 3 / width;
        encode(&pixels, width as u32, height as u32).map_err(|error| self.failed(&error))
    }

    fn look(&self, steps: u32, text_drop: f64) -> Look {
        font::register();
        Look {
            steps: f64::from(steps),
            scale: self.y.scale,
            alone: true,
            dashes: false,
            text_drop,
        }
    }

    fn draw_on<B: DrawingBackend>(
        &self,
        root: &DrawingArea<B, plotters::coord::Shift>,
        look: &Look,
    ) -> Result<(), ReportError> {
        root.fill(&WHITE).map_err(|error| self.failed(&error))?;
        draw(self, root, look, &Cell::new(Layer::Frame)).map_err(|error| self.failed(&error))?;
        Ok(())
    }

    pub(super) fn failed(&self, problem: &dyn std::fmt::Display) -> ReportError {
        ReportError::Drawing {
            figure: self.name.clone(),
            problem: problem.to_string(),
        }
    }
}

/// Means over squares of `times` pixels: the new width, and the pixels.
fn reduced(fine: &[u8], width: usize, times: usize) -> (usize, Vec<u8>) {
    let (columns, rows) = (width / times, fine.len() / 3 / width / times);
    let mut pixels = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            for channel in 0..3 {
                let mut sum = 0;
                for y in 0..times {
                    for x in 0..times {
                        let pixel = (row * times + y) * width + column * times + x;
                        sum += usize::from(fine[3 * pixel + channel]);
                    }
                }
                pixels.push((sum / (times * times)) as u8);
            }
        }
    }
    (columns, pixels)
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let metre = 39.37 * 400.0;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: metre as u32,
        yppu: metre as u32,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
