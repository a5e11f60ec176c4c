//! Finds the id and the nesting depth of a line without parsing it as JSON. It reads byte by byte with little memory,
//! so it works for lines of any length and for invalid JSON.

use serde_json::Value;

use crate::api::surrogates::without_lone_surrogates;

/// The most bytes that are kept of one member of the outermost object. An id is shorter.
const KEPT: usize = 8 * 1024;

/// The state of a scan.
#[derive(Default)]
pub(in crate::mcp) struct Outline {
    id: Option<Value>,
    depth: usize,
    deepest: usize,
    in_string: bool,
    escaped: bool,
    /// The current member of the outermost object, without nested values.
    member: Vec<u8>,
}

impl Outline {
    /// Scans a whole line.
    pub(in crate::mcp) fn of(line: &[u8]) -> Self {
        let mut outline = Self::default();
        outline.push(line);
        outline
    }

    /// Scans further bytes.
    pub(in crate::mcp) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.read(*byte);
        }
    }

    /// The last id in the message, if one can be found.
    pub(in crate::mcp) fn id(mut self) -> Option<Value> {
        self.end_of_member();
        self.id
    }

    /// The deepest nesting of objects and arrays.
    pub(in crate::mcp) fn deepest(&self) -> usize {
        self.deepest
    }

    fn read(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                self.deepest = self.deepest.max(self.depth);
            }
            b'}' | b']' => {
                if self.depth == 1 {
                    self.end_of_member();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            b',' if self.depth == 1 => self.end_of_member(),
            _ => {
                self.in_string = byte == b'"';
                self.keep(byte);
            }
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.member.len() < KEPT {
            self.member.push(byte);
        }
    }

    fn end_of_member(&mut self) {
        if let Some(id) = id_in(&self.member) {
            self.id = Some(id);
        }
        self.member.clear();
    }
}

/// The value of a member `"id": …`, even if invalid text follows. It is mended as a whole line is.
fn id_in(member: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(member);
    let text = without_lone_surrogates(text.as_bytes());
    let mut names = serde_json::Deserializer::from_slice(&text).into_iter::<String>();
    let name = names.next()?.ok()?;
    let value = text.get(names.byte_offset()..)?.trim_ascii_start().strip_prefix(b":").filter(|_| name == "id")?;
    let id = serde_json::Deserializer::from_slice(value).into_iter::<Value>().next()?.ok()?;
    (id.is_string() || id.is_number()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_broken_line_is_found() {
        for (line, id) in [
            (r#"{"jsonrpc":"2.0","id":5,"params":{"arguments":{},}}"#, "5"),
            (r#"{"params":{"id":1},"method":"x",,"id":"a,}b"}"#, r#""a,}b""#),
            (r#"{"id":7 "method":"x"}"#, "7"),
            (r#"{"id":1.50,"method":tools}"#, "1.50"),
            (r#"{"id":"\"\\","x":}"#, r#""\"\\""#),
            (r#"{"id":1,"id":2,}"#, "2"),
            (r#" { "id" : 9 , } "#, "9"),
            (r#"{"\u0069d":3,}"#, "3"),
            (r#"{"id":"a\ud83d",}"#, "\"a\u{fffd}\""),
        ] {
            assert_eq!(Outline::of(line.as_bytes()).id().map(|id| id.to_string()).as_deref(), Some(id), "{line}");
        }
    }

    #[test]
    fn no_id_is_made_up() {
        for line in [
            "",
            "hello",
            r#"{"id":"#,
            r#"{"id":null,}"#,
            r#"{"id":[1],}"#,
            r#"{"params":{"id":5},}"#,
            r#"{"a":"\"id\":5",}"#,
        ] {
            assert_eq!(Outline::of(line.as_bytes()).id(), None, "{line}");
        }
    }

    #[test]
    fn little_is_kept_of_a_long_line() {
        let mut outline = Outline::default();
        outline.push(b"{\"text\":\"");
        (0..1_000).for_each(|_| outline.push(&[b'x'; 1_000]));
        assert!(outline.member.len() <= KEPT);
        outline.push(b"\",\"id\":3}");
        assert_eq!(outline.id(), Some(Value::from(3)));
    }

    #[test]
    fn the_depth_is_counted_outside_of_texts() {
        assert_eq!(Outline::of(br#"{"a":[{"b":"[[[["}],"c":{}}"#).deepest(), 3);
    }
}
