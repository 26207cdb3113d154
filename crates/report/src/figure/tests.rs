//! Figures as files.

use proptest::prelude::*;
use roxmltree::Document;

use super::*;

fn figure(mark: Mark, values: &[f64]) -> Figure {
    let axis = |label: &str| Axis {
        label: label.to_owned(),
        column: label.replace(' ', "_"),
        scale: Scale::Linear,
        whole: label == "generation",
        from: None,
        to: None,
    };
    let points = |shift: f64| {
        let numbered = (1..).map(f64::from).zip(values);
        numbered
            .map(|(x, y)| Point::with_interval(x, y + shift, y + shift - 1.0, y + shift + 1.0))
            .collect()
    };
    Figure {
        name: "test".to_owned(),
        group: "test".to_owned(),
        variant: String::new(),
        section: Section::Collapse,
        title: "A <test> & more".to_owned(),
        caption: String::new(),
        x: axis("generation"),
        y: axis("value of it"),
        series: vec![
            Series {
                label: "a, \"b\"".to_owned(),
                mark,
                colour: Colour::Category(0),
                points: points(0.0),
            },
            Series {
                label: "c".to_owned(),
                mark,
                colour: Colour::Sequence(0.5),
                points: points(2.0),
            },
        ],
        references: vec![Reference {
            label: "truth".to_owned(),
            legend: "truth".to_owned(),
            y: 3.0,
            colour: Colour::Ink,
        }],
    }
}

const MARKS: [Mark; 5] = [
    Mark::Line,
    Mark::Dashed,
    Mark::Curve,
    Mark::Steps,
    Mark::Stack,
];

#[test]
fn a_table_has_every_number() {
    let figure = figure(Mark::Line, &[1.5, 1.0 / 3.0, f64::INFINITY]);
    let csv = figure.csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "series,generation,value_of_it,low,high");
    assert_eq!(lines.len(), 1 + 2 * 3 + 1);
    assert_eq!(lines[1], "\"a, \"\"b\"\"\",1,1.5,0.5,2.5");
    assert_eq!(lines[3], "\"a, \"\"b\"\"\",3,inf,inf,inf");
    assert_eq!(lines[7], "truth,,3,,");
    let read: f64 = lines[2].split(',').nth_back(2).unwrap().parse().unwrap();
    assert_eq!(read, 1.0 / 3.0);
}

#[test]
fn pictures_are_well_formed_and_show_every_point() {
    for mark in MARKS {
        let figure = figure(mark, &[1.0, 4.0, 2.0]);
        let svg = figure.svg().unwrap();
        let document = Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert_eq!(root.attribute("width"), Some("460"));
        let texts: Vec<&str> = document
            .descendants()
            .filter_map(|node| node.text())
            .collect();
        for text in ["A <test> & more", "generation", "value of it", "c", "truth"] {
            assert!(
                texts.iter().any(|found| found.trim() == text),
                "{text}: {texts:?}"
            );
        }
        let count = |name: &str| {
            document
                .descendants()
                .filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", name)))
                .count()
        };
        match mark {
            Mark::Line => assert_eq!(count("circle"), 6),
            // The ground, two samples in the legend, and the bars.
            Mark::Stack => assert_eq!(count("rect"), 1 + 2 + 6),
            _ => assert!(count("polyline") >= 2),
        }
    }
}

#[test]
fn a_picture_of_pixels_has_its_size_and_its_colours() {
    let bytes = figure(Mark::Line, &[1.0, 4.0, 2.0]).png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, 1380);
    assert!(info.height > 800);
    let (pixels, _) = pixels.as_chunks::<3>();
    let has = |colour: [u8; 3]| pixels.iter().filter(|pixel| **pixel == colour).count();
    assert!(has([255, 255, 255]) > pixels.len() / 2);
    assert!(has([0x00, 0x72, 0xB2]) > 500);
    // Text: there is ink where the title stands.
    let title = &pixels[..60 * 1380];
    assert!(title.iter().filter(|pixel| pixel[0] < 100).count() > 300);
}

#[test]
fn the_page_has_the_same_points_in_groups() {
    let figure = figure(Mark::Line, &[1.0, 4.0, f64::NAN, 2.0]);
    let svg = figure.inline(Scale::Linear).unwrap();
    let document = Document::parse(&svg).unwrap();
    for index in ["0", "1"] {
        let group = document
            .descendants()
            .find(|n| n.attribute("data-series") == Some(index))
            .unwrap();
        let dots = group
            .children()
            .find(|n| n.attribute("class").is_some_and(|c| c.starts_with("dots")))
            .unwrap();
        assert_eq!(dots.attribute("d").unwrap().matches("h0").count(), 3);
    }
    assert!(
        document
            .descendants()
            .any(|n| n.attribute("data-reference") == Some("0"))
    );
    let root = document.root_element();
    assert_eq!(root.attribute("data-scale"), Some("linear"));
    let logarithmic = figure.inline(Scale::Logarithmic).unwrap();
    assert!(logarithmic.contains("data-scale=\"logarithmic\""));
}

#[test]
fn long_lines_have_no_dots() {
    let svg = figure(Mark::Line, &[1.0; 200])
        .inline(Scale::Linear)
        .unwrap();
    assert!(!svg.contains("dots"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn anything_can_be_drawn(
        values in prop::collection::vec(
            prop_oneof![
                4 => -1e3f64..1e3,
                1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(1e300), Just(-1e-300)],
            ],
            0..12,
        ),
        mark in prop::sample::select(&MARKS[..]),
    ) {
        let figure = figure(mark, &values);
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let svg = figure.inline(scale).unwrap();
            prop_assert!(Document::parse(&svg).is_ok(), "{svg}");
        }
        let svg = figure.svg().unwrap();
        prop_assert!(Document::parse(&svg).is_ok());
    }
}
