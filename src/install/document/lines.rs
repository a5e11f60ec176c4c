//! Keeps the bytes of a text that an editor does not: byte order mark, line ends, and a missing line end at the end.

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text, and the same text as editors take it: without a byte order mark, each line ended by a line feed.
pub(super) struct Lines<'a> {
    text: &'a str,
    plain: String,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let plain = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).replace("\r\n", "\n");
        Self { text, plain }
    }

    pub(super) fn plain(&self) -> &str {
        &self.plain
    }

    /// Puts `edited`, an edited copy of the plain text, in place of the text. Lines that are equal at the beginning and
    /// at the end keep their bytes; the lines between them get the line end that most lines of the text have.
    pub(super) fn graft(&self, edited: &str) -> String {
        let (mark, body) = match self.text.strip_prefix(BYTE_ORDER_MARK) {
            Some(body) => (BYTE_ORDER_MARK.to_string(), body),
            None => (String::new(), self.text),
        };
        let old: Vec<&str> = body.split_inclusive('\n').collect();
        let new: Vec<&str> = edited.split_inclusive('\n').map(content).collect();
        let same = |pair: &(&&str, &&str)| content(pair.0) == *pair.1;
        let before = old.iter().zip(&new).take_while(same).count();
        let most = old.len().min(new.len()) - before;
        let after = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();

        let end = if body.matches("\r\n").count() * 2 > body.matches('\n').count() { "\r\n" } else { "\n" };
        let kept = old.iter().take(before).map(|line| (*line).to_owned());
        let changed = new.iter().take(new.len() - after).skip(before).map(|line| format!("{line}{end}"));
        let rest = old.iter().skip(old.len() - after).map(|line| (*line).to_owned());
        let mut lines: Vec<String> = kept.chain(changed).chain(rest).collect();

        let count = lines.len();
        for (place, line) in lines.iter_mut().enumerate() {
            let is_last = place + 1 == count;
            let wants_end = !is_last || body.is_empty() || body.ends_with('\n');
            match (wants_end, line.ends_with('\n')) {
                (true, false) => line.push_str(end),
                (false, true) => line.truncate(content(line).len()),
                _ => {}
            }
        }
        format!("{mark}{}", lines.concat())
    }
}

/// A line without its line end.
fn content(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untouched_lines_keep_their_bytes() {
        let cases = [
            ("a\r\nb\nc\r\n", "a\nb\nnew\nc\n", "a\r\nb\nnew\r\nc\r\n"),
            ("\u{feff}a\nb", "a\nnew\nb\n", "\u{feff}a\nnew\nb"),
            ("a", "a\nnew\n", "a\nnew"),
            ("a\r\nb", "a\nb\nnew\n", "a\r\nb\r\nnew"),
            ("", "new", "new\n"),
            ("a\nb\nc\n", "a\nc\n", "a\nc\n"),
            ("a\nb", "a\n", "a"),
            ("x\nx\n", "x\nx\nx\n", "x\nx\nx\n"),
        ];
        for (text, edited, wanted) in cases {
            assert_eq!(Lines::of(text).graft(edited), wanted, "{text:?}");
        }
    }
}
