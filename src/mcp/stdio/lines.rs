//! Reads the lines of the input, up to a length limit.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::mcp::message::outline::Outline;

/// The longest line, in bytes. The largest useful call, a long text for a job or a message, has some kilobytes.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;
/// The block size for reading.
const AT_ONCE: usize = 64 * 1024;

/// One line of the input.
pub(super) enum Line {
    /// The line without its end.
    Whole(Vec<u8>),
    /// A line over the limit. Its content was skipped.
    TooLong(Outline),
}

/// Reads lines. Cancel-safe: a cancelled read keeps its bytes.
pub(super) struct Lines<R> {
    input: BufReader<R>,
    line: Vec<u8>,
    /// The outline of a line that is being skipped.
    passing: Option<Outline>,
    limit: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(input: R, limit: usize) -> Self {
        Self { input: BufReader::with_capacity(AT_ONCE, input), line: Vec::new(), passing: None, limit }
    }

    /// Reads the next line; `None` at the end of the input. A last line without an end counts.
    pub(super) async fn next(&mut self) -> Option<Line> {
        loop {
            // No await separates the read from `consume`, so a cancelled future loses no bytes.
            let available = match self.input.fill_buf().await {
                Ok(available) => available,
                Err(fault) => {
                    tracing::debug!(%fault, "the input broke");
                    &[]
                }
            };
            if available.is_empty() {
                return (self.passing.is_some() || !self.line.is_empty()).then(|| self.end_of_line());
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            match &mut self.passing {
                Some(outline) => outline.push(part),
                None if self.line.len() + part.len() > self.limit => {
                    let mut outline = Outline::of(&std::mem::take(&mut self.line));
                    outline.push(part);
                    self.passing = Some(outline);
                }
                None => self.line.extend_from_slice(part),
            }
            let taken = end.map_or(available.len(), |end| end + 1);
            self.input.consume(taken);
            if end.is_some() {
                return Some(self.end_of_line());
            }
        }
    }

    fn end_of_line(&mut self) -> Line {
        match self.passing.take() {
            Some(outline) => Line::TooLong(outline),
            None => Line::Whole(std::mem::take(&mut self.line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &'static [u8], limit: usize) -> Vec<String> {
        let mut lines = Lines::new(input, limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(match line {
                Line::Whole(line) => String::from_utf8(line).unwrap(),
                Line::TooLong(outline) => format!("too long, id {:?}", outline.id()),
            });
        }
        all
    }

    #[tokio::test]
    async fn lines_end_at_line_ends_and_at_the_end() {
        assert_eq!(all(b"a\n\nb\r\nc", 10).await, ["a", "", "b\r", "c"]);
        assert!(all(b"", 10).await.is_empty());
    }

    #[tokio::test]
    async fn a_long_line_is_skipped_and_keeps_its_id() {
        let read = all(b"{\"text\":\"xxxxxxxxxxxxxxxxxxxx\",\"id\":5}\nshort\n", 10).await;
        assert_eq!(read, ["too long, id Some(Number(5))", "short"]);
    }
}
