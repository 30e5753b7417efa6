//! What a program has in its memory, looked through for a secret that it should have forgotten.
//!
//! The secret itself never comes into the program that looks: it gets the pieces of it in a disguise, which it takes off
//! byte by byte.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};

/// What each byte of a piece is disguised with.
const DISGUISE: u64 = 0x5cc5_3aa3_9669_c33c;

/// How long a piece is, in bytes: too long to be anywhere by chance.
const PIECE: usize = 8;

/// The disguised pieces of some secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces(Vec<u64>);

impl Pieces {
    /// Adds every piece of a secret, in each form that it may have in memory: forwards, backwards (as numbers have it on
    /// most machines), and as hexadecimal digits, large and small.
    pub fn add(&mut self, secret: &[u8]) {
        let backwards: Vec<u8> = secret.iter().rev().copied().collect();
        let forms =
            [secret.to_vec(), backwards, hex::encode(secret).into_bytes(), hex::encode_upper(secret).into_bytes()];
        for form in forms {
            self.add_text(&form);
        }
    }

    /// Adds every piece of a secret as it stands.
    pub fn add_text(&mut self, text: &[u8]) {
        self.0.extend(text.windows(PIECE).map(disguised));
    }

    /// For a program that is to look for them.
    #[must_use]
    pub fn to_argument(&self) -> String {
        self.0.iter().map(|piece| format!("{piece:016x}")).collect::<Vec<_>>().join(",")
    }

    /// What [`to_argument`](Self::to_argument) gave.
    #[must_use]
    pub fn from_argument(text: &str) -> Option<Self> {
        text.split(',').map(|piece| u64::from_str_radix(piece, 16).ok()).collect::<Option<_>>().map(Self)
    }

    /// Where in this program's memory any of them is: the area it is in, and the offset in that.
    ///
    /// # Errors
    ///
    /// When the system does not let us look.
    pub fn find(&self) -> io::Result<Vec<(String, u64)>> {
        let wanted: HashSet<u64> = self.0.iter().copied().collect();
        // Most bytes are not the first of any piece, which is seen sooner so.
        let mut begins = [false; 0x1_0000];
        wanted.iter().for_each(|piece| begins[usize::from(beginning(*piece))] = true);
        let mut found = Vec::new();
        let mut memory = File::open("/proc/self/mem")?;
        for area in areas()? {
            let mut rest = area.end - area.start;
            let mut chunk = vec![0; 64 * 1024];
            let mut kept = 0;
            memory.seek(SeekFrom::Start(area.start))?;
            while rest > 0 {
                let room = u64::try_from(chunk.len() - kept).unwrap_or(u64::MAX).min(rest);
                let end = kept + usize::try_from(room).unwrap_or_default();
                // An area that cannot be read has nothing that anybody could read.
                let Ok(count) = memory.read(&mut chunk[kept..end]) else { break };
                if count == 0 {
                    break;
                }
                let filled = kept + count;
                for (place, window) in chunk[..filled].windows(PIECE).enumerate() {
                    let piece = disguised(window);
                    if begins[usize::from(beginning(piece))] && wanted.contains(&piece) {
                        let behind = u64::try_from(filled - place).unwrap_or_default();
                        let read = u64::try_from(count).unwrap_or_default();
                        found.push((area.name.clone(), area.end - rest + read - behind - area.start));
                    }
                }
                rest -= u64::try_from(count).unwrap_or_default();
                kept = filled.min(PIECE - 1);
                chunk.copy_within(filled - kept..filled, 0);
            }
        }
        Ok(found)
    }
}

fn disguised(window: &[u8]) -> u64 {
    window.iter().fold(0, |piece, byte| piece << 8 | u64::from(*byte)) ^ DISGUISE
}

fn beginning(piece: u64) -> u16 {
    u16::try_from(piece >> 48).unwrap_or_default()
}

struct Area {
    start: u64,
    end: u64,
    name: String,
}

/// What there is of memory that can be read.
fn areas() -> io::Result<Vec<Area>> {
    let maps = fs::read_to_string("/proc/self/maps")?;
    let area = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let readable = fields.next()?.starts_with('r');
        let name = fields.nth(3).unwrap_or("anonymous").to_owned();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).ok());
        (readable && !name.starts_with("[v")).then_some(Area { start: start?, end: end?, name })
    };
    Ok(maps.lines().filter_map(area).collect())
}
