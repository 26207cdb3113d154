//! Texts that are no language but have what speed depends on: lengths, and token frequencies that
//! fall by Zipf's law.

use autophage_random::{Purpose, Stream};

/// Tokens of a story of TinyStories, on average.
pub(crate) const STORY: usize = 205;

/// A text of `length` tokens, different for every `index`.
pub(crate) fn text(vocabulary: usize, index: usize, length: usize) -> Vec<u32> {
    let random = Stream::new(1, Purpose::Measurement, 1);
    (0..length as u64)
        .map(|position| {
            let uniform = random.uniform(index as u64, position);
            ((vocabulary as f64).powf(uniform) - 1.0) as u32
        })
        .collect()
}

/// `count` texts of `length` tokens.
pub(crate) fn texts(vocabulary: usize, count: usize, length: usize) -> Vec<Vec<u32>> {
    (0..count)
        .map(|index| text(vocabulary, index, length))
        .collect()
}

/// `count` texts of the lengths of stories: from half to one and a half times [`STORY`] tokens in
/// even steps, [`STORY`] on average, and the start of text in front of each.
pub(crate) fn stories(vocabulary: usize, count: usize) -> Vec<Vec<u32>> {
    (0..count)
        .map(|index| {
            // A step that is coprime to the number of lengths goes through all of them.
            let spread = (index * 37) % STORY;
            text(vocabulary, index, STORY / 2 + spread + 2)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_have_their_mean_length_and_known_tokens() {
        let stories = stories(100, STORY);
        let targets: usize = stories.iter().map(|story| story.len() - 1).sum();
        assert_eq!(targets, STORY * STORY);
        assert!(stories.iter().flatten().all(|&token| token < 100));
        assert_ne!(text(100, 0, 50), text(100, 1, 50));
    }
}
