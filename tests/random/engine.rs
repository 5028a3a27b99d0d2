//! One DuckDB process that answers many questions.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A row as text, by column.
pub type Answer = HashMap<String, Option<String>>;

pub struct Engine {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: Arc<Mutex<String>>,
    asked: usize,
}

impl Engine {
    /// Starts DuckDB.
    pub fn start() -> Self {
        let program = kpic::engine::find(None).unwrap();
        let mut command = Command::new(&program);
        command.args(["-json", "-no-init"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let errors = Arc::new(Mutex::new(String::new()));
        let (heard, mouth) = (Arc::clone(&errors), BufReader::new(process.stderr.take().unwrap()));
        thread::spawn(move || {
            for line in mouth.lines().map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
            }
        });
        Self { process, input, output, errors, asked: 0 }
    }

    /// Runs statements that make tables, and then queries; for each of these its rows, or what the engine says against it.
    pub fn answers(&mut self, statements: &str, queries: &[String]) -> Vec<Result<Vec<Answer>, String>> {
        let mut script = format!("{statements}\n");
        let first = self.asked;
        for (at, query) in queries.iter().enumerate() {
            // As text every type comes out exactly, and neither JSON's numbers nor its lack of infinity matter.
            let query = query.trim_end().trim_end_matches(';');
            _ = write!(
                script,
                ".print begin {0}\nselect columns(*)::varchar from (\n{query}\n);\n.print end {0}\n",
                first + at
            );
        }
        self.asked += queries.len();
        // The program answers while it reads: whoever only writes waits for it forever once its answers fill the pipe.
        let input = &mut self.input;
        let output = &mut self.output;
        let found: Vec<Option<Vec<Answer>>> = thread::scope(|scope| {
            scope.spawn(|| {
                input.write_all(script.as_bytes()).unwrap();
                input.flush().unwrap();
            });
            (first..first + queries.len()).map(|number| between(output, number)).collect()
        });
        let answers = found.into_iter().map(|rows| rows.ok_or_else(|| self.complaint())).collect();
        self.errors.lock().unwrap().clear();
        answers
    }

    fn complaint(&self) -> String {
        // What stands in the one pipe says nothing of how far the other is.
        for _ in 0..50 {
            let heard = self.errors.lock().unwrap().clone();
            if !heard.is_empty() {
                return heard;
            }
            thread::sleep(Duration::from_millis(10));
        }
        "no answer".to_owned()
    }
}

/// The rows between the marks of one query; nothing where there is no answer.
fn between(output: &mut BufReader<ChildStdout>, number: usize) -> Option<Vec<Answer>> {
    let (begin, end) = (format!("begin {number}"), format!("end {number}"));
    let mut text: Option<String> = None;
    loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "the engine has gone");
        match (line.trim_end(), &mut text) {
            (line, None) if line == begin => text = Some(String::new()),
            (line, _) if line == end => break,
            (_, Some(text)) => text.push_str(&line),
            (_, None) => {}
        }
    }
    let text = text?;
    if text.trim().is_empty() {
        return None;
    }
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in the answer {text}")))
}

impl Drop for Engine {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
