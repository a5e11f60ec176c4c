//! Reads the text of a record line by line, however large it is.

use std::io::{self, BufRead, Read as _};

/// The longest line that is held in memory, in bytes. A longer line is read up to this length.
pub(super) const LONGEST: u64 = 16 * 1024 * 1024;

/// Calls `each` for every line. Returns the number of bytes that were read.
pub(super) fn each_line(reader: &mut impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<u64> {
    let (mut place, mut line) = (0, Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(place);
        }
        place += read;
        if read == LONGEST && !line.ends_with(b"\n") {
            place += skip_line(reader)?;
        }
        each(&line);
    }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(used);
        skipped += used as u64;
        if end.is_some() || used == 0 {
            return Ok(skipped);
        }
    }
}
