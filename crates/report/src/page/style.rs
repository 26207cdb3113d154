//! The style sheet.

use std::fmt::Write;

use crate::figure::{Ground, Swatch};

/// The style sheet of the page, with the colours of the figures for both grounds.
pub(crate) fn style() -> String {
    let mut style = String::new();
    let variables = |ground| {
        Swatch::all()
            .map(|swatch| {
                let (r, g, b) = swatch.rgb(ground);
                format!("--{}:#{r:02x}{g:02x}{b:02x};", swatch.class())
            })
            .collect::<String>()
    };
    let (light, dark) = (variables(Ground::Light), variables(Ground::Dark));
    let _ = write!(
        style,
        ":root{{{light}}}\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\
         :root[data-theme=dark]{{{dark}}}\
         @media print{{:root:root{{{light}}}}}"
    );
    for swatch in Swatch::all() {
        let class = swatch.class();
        let _ = write!(style, ".{class}{{--colour:var(--{class})}}");
    }
    style.push('\n');
    style.push_str(include_str!("../../assets/page.css"));
    style
}
