//! The wire format of protobuf, as far as a test reads it.

/// The fields of a message, each with its number.
pub(crate) struct Message(Vec<(u64, Field)>);

enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Message {
    pub(crate) fn of(mut rest: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let tag = varint(&mut rest);
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut rest)),
                1 => Field::Number(u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap())),
                2 => {
                    let length = varint(&mut rest);
                    Field::Bytes(take(&mut rest, usize::try_from(length).unwrap()).to_vec())
                }
                5 => Field::Number(u32::from_le_bytes(take(&mut rest, 4).try_into().unwrap()).into()),
                other => panic!("wire type {other}"),
            };
            fields.push((tag >> 3, field));
        }
        Self(fields)
    }

    fn all(&self, number: u64) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(move |(known, _)| *known == number).map(|(_, field)| field)
    }

    pub(crate) fn messages(&self, number: u64) -> Vec<Self> {
        let all = self.all(number).filter_map(|field| if let Field::Bytes(bytes) = field { Some(bytes) } else { None });
        all.map(|bytes| Self::of(bytes)).collect()
    }

    pub(crate) fn bytes(&self, number: u64) -> Vec<u8> {
        self.all(number)
            .find_map(|field| if let Field::Bytes(bytes) = field { Some(bytes.clone()) } else { None })
            .unwrap_or_default()
    }

    pub(crate) fn text(&self, number: u64) -> String {
        String::from_utf8(self.bytes(number)).unwrap()
    }

    pub(crate) fn number(&self, number: u64) -> u64 {
        self.all(number)
            .find_map(|field| if let Field::Number(number) = field { Some(*number) } else { None })
            .unwrap_or_default()
    }
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut number = 0;
    for place in 0.. {
        let byte = take(rest, 1)[0];
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
