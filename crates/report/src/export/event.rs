//! The few protocol buffers of TensorFlow that an event file is made of, in their wire format.
//!
//! A message is its fields, one after the other; a field is a key (its number and how it is
//! encoded) and its contents. The numbers are those of `event.proto`, `summary.proto`,
//! `tensor.proto` and `histogram.proto` of TensorBoard (`tensorboard/compat/proto`).

/// A message under construction.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn integer(mut self, field: u32, value: u64) -> Self {
        self.key(field, 0);
        self.varint(value);
        self
    }

    fn double(mut self, field: u32, value: f64) -> Self {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    fn doubles(self, field: u32, values: &[f64]) -> Self {
        let packed: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.bytes(field, &packed)
    }
}

/// What an event tells of a tag.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Summary {
    /// A number.
    Scalar(f64),
    /// A text, in Markdown.
    Text(String),
    /// Numbers of things by class.
    Histogram(Histogram),
}

/// How many things are in each class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Histogram {
    /// The least value.
    pub(super) minimum: f64,
    /// The greatest value.
    pub(super) maximum: f64,
    /// Upper end of every class; ascending.
    pub(super) limits: Vec<f64>,
    /// Number of things in every class.
    pub(super) counts: Vec<f64>,
}

/// The first event of a file: the version of the format.
pub(super) fn version(wall_time: f64) -> Vec<u8> {
    Message::default()
        .double(1, wall_time)
        .bytes(3, b"brain.Event:2")
        .0
}

/// The event of everything that is told of one step.
pub(super) fn summaries(wall_time: f64, step: u32, tagged: &[(String, Summary)]) -> Vec<u8> {
    let mut summary = Message::default();
    for (tag, value) in tagged {
        let tagged = Message::default().bytes(1, tag.as_bytes());
        summary = summary.message(1, &value_of(tagged, value));
    }
    Message::default()
        .double(1, wall_time)
        .integer(2, u64::from(step))
        .message(5, &summary)
        .0
}

fn value_of(tagged: Message, value: &Summary) -> Message {
    match value {
        Summary::Scalar(number) => tagged.float(2, *number as f32),
        Summary::Histogram(histogram) => tagged.message(5, &encoded(histogram)),
        Summary::Text(text) => {
            const STRING: u64 = 7;
            const TENSOR: u64 = 2;
            let one = Message::default().message(2, &Message::default().integer(1, 1));
            let tensor = Message::default()
                .integer(1, STRING)
                .message(2, &one)
                .bytes(8, text.as_bytes());
            let plugin = Message::default().bytes(1, b"text");
            let metadata = Message::default().message(1, &plugin).integer(4, TENSOR);
            tagged.message(8, &tensor).message(9, &metadata)
        }
    }
}

fn encoded(histogram: &Histogram) -> Message {
    let count: f64 = histogram.counts.iter().sum();
    // Within a class the values are not known; its upper end stands for them.
    let of = |power: i32| -> f64 {
        let classes = histogram.limits.iter().zip(&histogram.counts);
        classes
            .map(|(limit, count)| limit.powi(power) * count)
            .sum()
    };
    Message::default()
        .double(1, histogram.minimum)
        .double(2, histogram.maximum)
        .double(3, count)
        .double(4, of(1))
        .double(5, of(2))
        .doubles(6, &histogram.limits)
        .doubles(7, &histogram.counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the Protocol Buffers documentation ("Encoding").
    #[test]
    fn fields_as_documented() {
        assert_eq!(Message::default().integer(1, 150).0, [0x08, 0x96, 0x01]);
        let text = Message::default().bytes(2, b"testing").0;
        assert_eq!(text, *b"\x12\x07testing");
        let inner = Message::default().integer(1, 150);
        let outer = Message::default().message(3, &inner).0;
        assert_eq!(outer, [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let mut greatest = Message::default();
        greatest.varint(u64::MAX);
        assert_eq!(greatest.0.len(), 10);
    }
}
