//! Rows as a Parquet file: one group of rows, a page for each column, plain values without compression. Every column may be null.
//!
//! It is written here and not by a library: the one that there is brings eighteen others along, among them one that nobody keeps any more,
//! and of the format so little is needed. Tests read the files with DuckDB.

use crate::engine::{Failure, Rows};
use crate::model::value::Type;
use crate::plan::relation::Query;
use crate::plan::types::Types;
use jiff::civil::Date;
use serde_json::Value;

/// How a file begins and ends.
const MAGIC: &[u8] = b"PAR1";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Boolean,
    Day,
    Whole,
    Floating,
    Text,
}

impl Kind {
    fn of(ty: Type) -> Self {
        match ty {
            Type::Boolean => Kind::Boolean,
            Type::Date => Kind::Day,
            Type::Integer => Kind::Whole,
            Type::Decimal | Type::Double | Type::Null => Kind::Floating,
            // Engines print times in ways of their own.
            Type::Text | Type::Timestamp | Type::Instant | Type::Tuple => Kind::Text,
        }
    }

    /// The physical type.
    fn stored(self) -> i32 {
        match self {
            Kind::Boolean => 0,
            Kind::Day => 1,
            Kind::Whole => 2,
            Kind::Floating => 5,
            Kind::Text => 6,
        }
    }

    /// What the stored values mean, as readers of before 2018 know it.
    fn converted(self) -> Option<i32> {
        match self {
            Kind::Text => Some(0),
            Kind::Day => Some(6),
            Kind::Boolean | Kind::Whole | Kind::Floating => None,
        }
    }
}

/// A column of a file, once its page is written.
struct Column<'a> {
    name: &'a str,
    kind: Kind,
    begin: usize,
    size: usize,
}

/// The rows of an answer as a file.
pub(super) fn file(plan: &Query, rows: &Rows) -> Result<Vec<u8>, Failure> {
    let failed = |message: String| Failure { message, help: Some("write it as CSV: `--format csv`".to_owned()) };
    let (_, columns) =
        Types::of(plan).map_err(|fault| failed(format!("the types of the answer are not known: {}", fault.0)))?;
    let count = i32::try_from(rows.rows.len()).map_err(|_| failed("the answer has too many rows for Parquet".to_owned()))?;
    let mut out = MAGIC.to_vec();
    let mut written = Vec::new();
    for (at, (name, ty)) in columns.iter().enumerate() {
        let kind = Kind::of(*ty);
        let values = rows.rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
        let page =
            page(kind, values).map_err(|value| failed(format!("`{name}` has a value that is not {}: {value}", ty.name())))?;
        let begin = out.len();
        out.extend(page_header(count, page.len()));
        out.extend(page);
        written.push(Column { name, kind, begin, size: out.len() - begin });
    }
    let footer = footer(&written, count);
    out.extend(&footer);
    out.extend(u32::try_from(footer.len()).unwrap_or_default().to_le_bytes());
    out.extend(MAGIC);
    Ok(out)
}

/// Which values are there, and these; the first that is of another type is the error.
fn page<'v>(kind: Kind, values: impl Iterator<Item = &'v Value> + Clone) -> Result<Vec<u8>, &'v Value> {
    let mut levels = Vec::new();
    let mut run: Option<(bool, u64)> = None;
    let mut end = |run: Option<(bool, u64)>| {
        if let Some((is_there, length)) = run {
            varint(length << 1, &mut levels);
            levels.push(u8::from(is_there));
        }
    };
    for is_there in values.clone().map(|value| !value.is_null()) {
        run = match run {
            Some((same, length)) if same == is_there => Some((same, length + 1)),
            other => {
                end(other);
                Some((is_there, 1))
            }
        };
    }
    end(run);
    let mut page = u32::try_from(levels.len()).unwrap_or_default().to_le_bytes().to_vec();
    page.extend(levels);
    let (mut bits, mut held) = (0u8, 0);
    for value in values.filter(|value| !value.is_null()) {
        match kind {
            Kind::Boolean => {
                bits |= u8::from(value.as_bool().ok_or(value)?) << held;
                held += 1;
                if held == 8 {
                    page.push(bits);
                    (bits, held) = (0, 0);
                }
            }
            Kind::Day => page.extend(day(value).ok_or(value)?.to_le_bytes()),
            Kind::Whole => page.extend(value.as_i64().ok_or(value)?.to_le_bytes()),
            Kind::Floating => page.extend(value.as_f64().ok_or(value)?.to_le_bytes()),
            Kind::Text => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                page.extend(u32::try_from(text.len()).map_err(|_| value)?.to_le_bytes());
                page.extend(text.as_bytes());
            }
        }
    }
    if held > 0 {
        page.push(bits);
    }
    Ok(page)
}

/// A day as the number of days since 1970.
fn day(value: &Value) -> Option<i32> {
    let day: Date = value.as_str()?.parse().ok()?;
    Some(day.since(Date::constant(1970, 1, 1)).ok()?.get_days())
}

fn page_header(count: i32, size: usize) -> Vec<u8> {
    let mut header = Struct::default();
    let size = i32::try_from(size).unwrap_or(i32::MAX);
    header.int(1, 0).int(2, size).int(3, size);
    let mut data = Struct::default();
    data.int(1, count).int(2, PLAIN).int(3, RUNS).int(4, RUNS);
    header.within(5, &data.end());
    header.end()
}

const PLAIN: i32 = 0;
const RUNS: i32 = 3;

fn footer(columns: &[Column<'_>], count: i32) -> Vec<u8> {
    let mut root = Struct::default();
    root.text(4, "schema").int(5, i32::try_from(columns.len()).unwrap_or_default());
    let mut schema = vec![root.end()];
    schema.extend(columns.iter().map(|column| {
        let mut element = Struct::default();
        // A value is optional.
        element.int(1, column.kind.stored()).int(3, 1).text(4, column.name);
        if let Some(converted) = column.kind.converted() {
            element.int(6, converted);
        }
        element.end()
    }));
    let chunks: Vec<Vec<u8>> = columns.iter().map(|column| chunk(column, count)).collect();
    let mut group = Struct::default();
    group.list(1, STRUCT, &chunks);
    group.long(2, columns.iter().map(|column| column.size).sum()).long(3, usize::try_from(count).unwrap_or_default());
    let mut meta = Struct::default();
    meta.int(1, 1).list(2, STRUCT, &schema).long(3, usize::try_from(count).unwrap_or_default());
    let groups = if count == 0 { Vec::new() } else { vec![group.end()] };
    meta.list(4, STRUCT, &groups).text(6, concat!("kpic version ", env!("CARGO_PKG_VERSION")));
    meta.end()
}

fn chunk(column: &Column<'_>, count: i32) -> Vec<u8> {
    let mut meta = Struct::default();
    let encodings = [PLAIN, RUNS].map(zigzag_bytes);
    meta.int(1, column.kind.stored()).list(2, INT, &encodings).list(3, BYTES, &[sized(column.name.as_bytes())]);
    meta.int(4, 0).long(5, usize::try_from(count).unwrap_or_default());
    meta.long(6, column.size).long(7, column.size).long(9, column.begin);
    let mut chunk = Struct::default();
    chunk.long(2, column.begin).within(3, &meta.end());
    chunk.end()
}

/// Types of the compact protocol of Thrift, in which everything but values is written.
const INT: u8 = 5;
const LONG: u8 = 6;
const BYTES: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct of that protocol; fields come in the order of their numbers.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn field(&mut self, number: u8, ty: u8) {
        self.bytes.push(number.saturating_sub(self.last) << 4 | ty);
        self.last = number;
    }

    fn int(&mut self, number: u8, value: i32) -> &mut Self {
        self.field(number, INT);
        self.bytes.extend(zigzag_bytes(value));
        self
    }

    fn long(&mut self, number: u8, value: usize) -> &mut Self {
        self.field(number, LONG);
        varint((value as u64) << 1, &mut self.bytes);
        self
    }

    fn text(&mut self, number: u8, text: &str) -> &mut Self {
        self.field(number, BYTES);
        self.bytes.extend(sized(text.as_bytes()));
        self
    }

    fn within(&mut self, number: u8, of: &[u8]) -> &mut Self {
        self.field(number, STRUCT);
        self.bytes.extend(of);
        self
    }

    fn list(&mut self, number: u8, ty: u8, items: &[Vec<u8>]) -> &mut Self {
        self.field(number, LIST);
        self.bytes.push(0xf0 | ty);
        varint(items.len() as u64, &mut self.bytes);
        items.iter().for_each(|item| self.bytes.extend(item));
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

fn zigzag_bytes(value: i32) -> Vec<u8> {
    let mut out = Vec::new();
    varint(u64::from((value << 1 ^ value >> 31).cast_unsigned()), &mut out);
    out
}

/// A number in groups of seven bits, the lowest first.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_written_as_the_protocol_has_them() {
        let bytes = |value| {
            let mut out = Vec::new();
            varint(value, &mut out);
            out
        };
        assert_eq!([bytes(0), bytes(127), bytes(128), bytes(300)], [vec![0], vec![127], vec![128, 1], vec![172, 2]]);
        assert_eq!([0, 1, -1, 2, -64].map(zigzag_bytes), [0, 2, 1, 4, 127].map(|byte| vec![byte]));
    }

    #[test]
    fn a_page_says_which_values_are_there() {
        let page = |kind, values: &[Value]| super::page(kind, values.iter()).map_err(Value::clone);
        let runs = [4, 0, 0, 0, 4, 1, 2, 0];
        let values = [json!(true), json!(false), json!(null)];
        assert_eq!(page(Kind::Boolean, &values), Ok([runs.as_slice(), &[1]].concat()));
        let days = [json!("1970-01-02"), json!("1969-12-31"), json!(null)];
        assert_eq!(page(Kind::Day, &days), Ok([runs.as_slice(), &[1, 0, 0, 0, 255, 255, 255, 255]].concat()));
        assert_eq!(page(Kind::Whole, &[json!(1.5)]), Err(json!(1.5)));
        assert_eq!(page(Kind::Whole, &[]), Ok(vec![0, 0, 0, 0]));
    }
}
