//! A picture in black and white as PNG (ISO/IEC 15948), without compression.
//!
//! The crates for PNG bring eight others along, one of them twice; a square of two colours needs four checksums and three
//! chunks.

/// The picture of `side` times `side` pixels whose dark ones are those that `is_dark` says, by column and row.
pub(super) fn encode(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    let size = u32::try_from(side).unwrap_or(u32::MAX).to_be_bytes();
    // One bit a pixel, grey, and the only methods there are of compression, filter and order.
    let header = [&size[..], &size[..], &[1, 0, 0, 0, 0]].concat();
    let row = |y: usize| {
        let byte = |x: usize| (0..8).fold(0, |byte, bit| byte << 1 | u8::from(!is_dark(x * 8 + bit, y)));
        // Filter 0, none, before each row.
        std::iter::once(0).chain((0..side.div_ceil(8)).map(byte)).collect::<Vec<u8>>()
    };
    let rows: Vec<u8> = (0..side).flat_map(row).collect();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", &header));
    png.extend(chunk(b"IDAT", &stored(&rows)));
    png.extend(chunk(b"IEND", &[]));
    png
}

/// Length, name, data, and a checksum over name and data.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
    let named = [name, data].concat();
    [&length[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// The zlib format (RFC 1950) with blocks that are stored as they are (RFC 1951, section 3.2.4).
fn stored(data: &[u8]) -> Vec<u8> {
    let blocks = data.chunks(usize::from(u16::MAX));
    let last = blocks.len().saturating_sub(1);
    let mut out = vec![0x78, 0x01];
    for (index, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(index == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler(data).to_be_bytes());
    out
}

/// CRC-32 (ISO/IEC 15948, annex D).
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// Adler-32 (RFC 1950, section 8).
fn adler(data: &[u8]) -> u32 {
    let step = |(a, b), byte: &u8| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    };
    let (a, b) = data.iter().fold((1, 0), step);
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn data_of_more_than_one_block_is_whole() {
        let data = vec![7; 70_000];
        let out = stored(&data);
        assert_eq!(out.len(), 2 + 2 * 5 + data.len() + 4);
        assert_eq!(out[2..7], [0, 0xff, 0xff, 0, 0]);
        assert_eq!(out[7 + 65_535], 1, "the last block");
    }
}
