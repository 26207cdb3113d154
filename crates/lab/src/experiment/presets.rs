//! Experiments that the program brings along.

/// An experiment that has a name instead of a file.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Its file, with comments.
    pub text: &'static str,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 3] = [
        Self {
            name: "demo",
            summary: "five generations of a small model on bundled stories, in minutes on a CPU",
            text: include_str!("../../presets/demo.toml"),
        },
        Self {
            name: "tinystories-1m",
            summary: "the paper's run with the 1M model: forty generations on TinyStories",
            text: include_str!("../../presets/tinystories-1m.toml"),
        },
        Self {
            name: "tinystories-33m",
            summary: "the paper's run with the 33M model: forty generations on TinyStories",
            text: include_str!("../../presets/tinystories-33m.toml"),
        },
    ];

    /// The preset of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|preset| preset.name == name)
    }
}
