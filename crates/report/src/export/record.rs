//! Records of a TFRecord file: length, checksum of the length, data, checksum of the data
//! (TensorFlow, `tensorflow/core/lib/io/record_writer.h`).

/// Adds a record to a file's bytes.
pub(super) fn push(file: &mut Vec<u8>, data: &[u8]) {
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked_checksum(&length).to_le_bytes());
    file.extend(data);
    file.extend(masked_checksum(data).to_le_bytes());
}

/// The CRC-32C, rotated and shifted, so that a checksum of data that holds checksums is a good one
/// too.
fn masked_checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition: the reflected polynomial 0x82F63B78, bit by bit.
    fn checksum_by_bits(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0u32, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
            })
        })
    }

    #[test]
    fn the_frame_is_what_the_definition_says() {
        assert_eq!(checksum_by_bits(b"123456789"), 0xe306_9283);
        let mut file = Vec::new();
        push(&mut file, b"event");
        assert_eq!(&file[..8], [5, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&file[12..17], b"event");
        assert_eq!(file.len(), 8 + 4 + 5 + 4);
        for (bytes, found) in [(&file[..8], &file[8..12]), (&file[12..17], &file[17..])] {
            let crc = checksum_by_bits(bytes);
            let masked = crc.rotate_right(15).wrapping_add(0xa282_ead8);
            assert_eq!(found, masked.to_le_bytes());
        }
    }
}
