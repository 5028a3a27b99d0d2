//! How the manifest is laid out as JSON: a definition on each line. That is how changes are looked at, and half as long as indenting
//! everything.

use serde_json::ser::Formatter;
use std::io::{Result, Write};

/// What stands within so many brackets has lines of its own: sections, and the definitions in them.
const LINES: usize = 2;

/// Breaks lines between the outer members only.
#[derive(Default)]
pub(super) struct Definitions {
    depth: usize,
    /// Whether the innermost bracket has something in it.
    is_filled: bool,
}

impl Definitions {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth += 1;
        self.is_filled = false;
        writer.write_all(bracket)
    }

    fn member<W: ?Sized + Write>(&self, writer: &mut W, first: bool) -> Result<()> {
        match (self.depth <= LINES, first) {
            (true, _) => {
                writer.write_all(if first { b"\n" } else { b",\n" })?;
                (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
            }
            (false, true) => Ok(()),
            (false, false) => writer.write_all(b", "),
        }
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> Result<()> {
        self.depth -= 1;
        if self.is_filled && self.depth < LINES {
            writer.write_all(b"\n")?;
            (0..self.depth).try_for_each(|_| writer.write_all(b"  "))?;
        }
        self.is_filled = true;
        writer.write_all(bracket)
    }
}

impl Formatter for Definitions {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.member(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> Result<()> {
        self.is_filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        self.member(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _writer: &mut W) -> Result<()> {
        self.is_filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::{Serializer, json};

    #[test]
    fn a_definition_has_a_line() {
        let value =
            json!({ "a": 1, "kpis": { "x": { "name": "x", "by": [["a"], []] }, "y": {} }, "none": {}, "some": [{ "z": 1 }] });
        let mut out = Vec::new();
        value.serialize(&mut Serializer::with_formatter(&mut out, Definitions::default())).unwrap();
        let lines = [
            "{",
            "  \"a\": 1,",
            "  \"kpis\": {",
            "    \"x\": {\"name\": \"x\", \"by\": [[\"a\"], []]},",
            "    \"y\": {}",
            "  },",
            "  \"none\": {},",
            "  \"some\": [",
            "    {\"z\": 1}",
            "  ]",
            "}",
        ];
        assert_eq!(String::from_utf8(out).unwrap(), lines.join("\n"));
    }
}
