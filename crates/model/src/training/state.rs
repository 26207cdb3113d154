//! The state of a training in a file, to be taken up later with the same bits.
//!
//! The file is a line of JSON, the numbers of all buffers in the order of the network (weights, first
//! moments, second moments, the gradients of a step that is under way, the weights of the best epoch),
//! little-endian, and a checksum of everything before it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::sync::Arc;

use autophage_compute::{Array, Backend};
use autophage_durable::{AtomicFile, Checksum};
use serde::{Deserialize, Serialize};

use super::course::{BestEpoch, Course, End, Place};
use crate::ModelError;
use crate::decoder::read_buffer;
use crate::parameters::Parameters;

/// The name of the file.
const FILE: &str = "training-state.bin";
/// What the line of JSON begins with: the kind of the file.
const FORMAT: &str = "autophage training state";
/// The version that this program writes and reads.
const VERSION: u32 = 1;
/// The longest line that is read, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// The line in front of the numbers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    version: u32,
    /// What has to be the same for the state to be of this training.
    identity: Identity,
    /// Optimizer steps done.
    step: u64,
    epoch: u32,
    sequences: usize,
    in_step: usize,
    /// Floating-point numbers as their bits, which JSON would not keep.
    epoch_loss: u64,
    validated: usize,
    validation_loss: u64,
    tokens: u64,
    over: bool,
    seconds: u64,
    /// Sums of the step that is under way; empty between steps.
    sums: Vec<u64>,
    /// Number and validation loss of the best epoch.
    best: Option<(u32, u64)>,
}

/// What a training is known by.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    network: String,
    settings: String,
    end: String,
    training: String,
    validation: String,
    random: String,
    computes: String,
}

impl Identity {
    fn of<B: Backend>(course: &Course<'_, B>) -> Self {
        Self {
            network: format!("{:?}", course.trainer.model().architecture()),
            settings: format!("{:?}", course.trainer.settings()),
            end: match course.end {
                End::AfterEpochs(epochs) => format!("{epochs} epochs"),
                End::WithoutImprovement { max, patience } => {
                    format!("early stopping, {max} epochs, patience {patience}")
                }
            },
            training: course.training.identity(),
            validation: course.validation.identity(),
            random: format!("{:?}", course.random),
            computes: computes(&course.trainer.backend().description()),
        }
    }

    fn fields(&self) -> [(&'static str, String); 7] {
        [
            ("network", self.network.clone()),
            ("settings", self.settings.clone()),
            ("end of training", self.end.clone()),
            ("training set", self.training.clone()),
            ("validation set", self.validation.clone()),
            ("random numbers", self.random.clone()),
            ("what computes", self.computes.clone()),
        ]
    }
}

/// The description of a backend without its number of threads, on which no result depends.
fn computes(description: &str) -> String {
    let parts = description.split(", ");
    let parts: Vec<&str> = parts.filter(|part| !part.ends_with("threads")).collect();
    parts.join(", ")
}

/// Writes the state of a training.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn save<B: Backend>(course: &Course<'_, B>, directory: &Path) -> Result<(), ModelError> {
    let path = directory.join(FILE);
    let trainer = &course.trainer;
    let under_way = course.place.in_step > 0;
    let place = &course.place;
    let head = Head {
        format: FORMAT.to_owned(),
        version: VERSION,
        identity: Identity::of(course),
        step: trainer.step,
        epoch: place.epoch,
        sequences: place.sequences,
        in_step: place.in_step,
        epoch_loss: place.epoch_loss.to_bits(),
        validated: place.validated,
        validation_loss: place.validation_loss.to_bits(),
        tokens: place.tokens,
        over: place.over,
        seconds: place.seconds.to_bits(),
        sums: match under_way {
            true => trainer.sums().into_iter().map(f64::to_bits).collect(),
            false => Vec::new(),
        },
        best: course
            .best
            .as_ref()
            .map(|best| (best.epoch, best.validation_loss.to_bits())),
    };
    let write = || -> io::Result<()> {
        let mut file = Sink {
            file: AtomicFile::create(&path)?,
            checksum: Checksum::new(),
        };
        let mut line = serde_json::to_string(&head).expect("plain fields always become JSON");
        line.push('\n');
        file.write(line.as_bytes())?;
        let device = [
            Some(trainer.model().parameters()),
            Some(&trainer.first_moments),
            Some(&trainer.second_moments),
            under_way.then_some(&trainer.gradients),
        ];
        for buffer in device.into_iter().flatten().flat_map(Parameters::iter) {
            file.numbers(&read_buffer(trainer.backend(), buffer))?;
        }
        for values in course.best.iter().flat_map(|best| best.weights.iter()) {
            file.numbers(values)?;
        }
        let checksum = file.checksum.finish();
        file.file.write_all(&checksum.to_le_bytes())?;
        file.file.commit()
    };
    write().map_err(ModelError::file(&path))
}

/// A file that is written, and the checksum of what it has so far.
struct Sink {
    file: AtomicFile,
    checksum: Checksum,
}

impl Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.checksum.update(bytes);
        self.file.write_all(bytes)
    }

    fn numbers(&mut self, values: &[f32]) -> io::Result<()> {
        for some in values.chunks(1 << 14) {
            let bytes: Vec<u8> = some.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.write(&bytes)?;
        }
        Ok(())
    }
}

/// Puts a training that has just begun where a saved one was.
///
/// # Errors
/// A file that cannot be read, is damaged, or is of another training.
pub(super) fn load<B: Backend>(
    course: &mut Course<'_, B>,
    directory: &Path,
) -> Result<(), ModelError> {
    let path = directory.join(FILE);
    verify(&path)?;
    let damaged = |reason: String| ModelError::Damaged {
        path: path.clone(),
        reason,
    };
    let file = File::open(&path).map_err(ModelError::file(&path))?;
    let mut source = BufReader::with_capacity(1 << 17, file);
    let head = read_head(&mut source).map_err(&damaged)?;
    let here = Identity::of(course).fields();
    let different = here.into_iter().zip(head.identity.fields());
    for ((field, expected), (_, found)) in different {
        if expected != found {
            return Err(ModelError::OtherTraining {
                path,
                field,
                expected,
                found,
            });
        }
    }
    let sequences = head.sequences.saturating_add(head.in_step);
    let sums = if head.in_step > 0 {
        course.trainer.sums().len()
    } else {
        0
    };
    if sequences > course.training.len()
        || head.in_step >= course.trainer.settings().sequences_per_step.max(1)
        || head.validated > course.validation.len()
        || head.sums.len() != sums
    {
        return Err(damaged(
            "it is at a place that the training does not have".to_owned(),
        ));
    }
    let under_way = head.in_step > 0;
    let backend = Arc::clone(course.trainer.model().backend());
    let trainer = &mut course.trainer;
    let buffers = [
        Some(trainer.model.parameters_mut()),
        Some(&mut trainer.first_moments),
        Some(&mut trainer.second_moments),
        under_way.then_some(&mut trainer.gradients),
    ];
    for buffer in buffers.into_iter().flatten().flat_map(Parameters::iter_mut) {
        let values =
            read_numbers(&mut source, Array::len(buffer)).map_err(ModelError::file(&path))?;
        backend.write(buffer, 0, &values);
    }
    if under_way {
        let sums: Vec<f64> = head.sums.iter().copied().map(f64::from_bits).collect();
        trainer.restore_sums(&sums);
    }
    trainer.step = head.step;
    if let Some((epoch, validation_loss)) = head.best {
        let parameters = trainer.model().parameters();
        let weights = parameters
            .try_map(|buffer| read_numbers(&mut source, Array::len(buffer)))
            .map_err(ModelError::file(&path))?;
        course.best = Some(BestEpoch {
            epoch,
            validation_loss: f64::from_bits(validation_loss),
            weights,
        });
    }
    course.place = Place {
        epoch: head.epoch,
        sequences: head.sequences,
        in_step: head.in_step,
        epoch_loss: f64::from_bits(head.epoch_loss),
        validated: head.validated,
        validation_loss: f64::from_bits(head.validation_loss),
        tokens: head.tokens,
        over: head.over,
        seconds: f64::from_bits(head.seconds),
    };
    Ok(())
}

/// Checks the file against its checksum.
fn verify(path: &Path) -> Result<(), ModelError> {
    let damaged = |reason: &str| ModelError::Damaged {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let mut file = File::open(path).map_err(ModelError::file(path))?;
    let length = file.metadata().map_err(ModelError::file(path))?.len();
    let Some(mut rest) = length.checked_sub(8) else {
        return Err(damaged("it is too short"));
    };
    let mut checksum = Checksum::new();
    let mut bytes = vec![0; 1 << 17];
    while rest > 0 {
        let part = rest.min(bytes.len() as u64) as usize;
        file.read_exact(&mut bytes[..part])
            .map_err(ModelError::file(path))?;
        checksum.update(&bytes[..part]);
        rest -= part as u64;
    }
    let mut expected = [0; 8];
    file.read_exact(&mut expected)
        .map_err(ModelError::file(path))?;
    match checksum.finish() == u64::from_le_bytes(expected) {
        true => Ok(()),
        false => Err(damaged("its checksum does not match")),
    }
}

fn read_head(source: &mut impl BufRead) -> Result<Head, String> {
    let mut line = String::new();
    source
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .map_err(|error| error.to_string())?;
    let head: Head = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    match head {
        Head {
            version: VERSION, ..
        } if head.format == FORMAT => Ok(head),
        Head {
            format, version, ..
        } => Err(format!(
            "{format}, version {version}; this program reads {FORMAT}, version {VERSION}"
        )),
    }
}

fn read_numbers(source: &mut impl Read, len: usize) -> io::Result<Vec<f32>> {
    let mut bytes = vec![0; 4 * len];
    source.read_exact(&mut bytes)?;
    let (numbers, _) = bytes.as_chunks();
    Ok(numbers.iter().map(|&x| f32::from_le_bytes(x)).collect())
}
