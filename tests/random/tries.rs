//! Tries many projects on all cores of the machine, and shows the first that fails.
//!
//! The projects of a seed come in batches of [`BATCH`]: each batch has a seed of its own, which follows from that seed and from its
//! number, so that the same projects are tried on any number of cores, and more of them begin with the same ones.

use super::engine::Engine;
use super::generate::Projects;
use super::project::Project;
use proptest::test_runner::{
    Config, FailurePersistence, FileFailurePersistence, PersistedSeed, RngSeed, TestCaseError, TestError, TestRunner,
};
use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

/// How many projects follow from the seed of a batch.
const BATCH: usize = 50;

/// After how many projects it is said how far it is.
const SAID: usize = 500;

/// Where the seeds of what has failed are.
const REMEMBERED: &str = "tests/random.proptest-regressions";

/// Whether a project is as it should be.
pub type Agree<'a> = &'a (dyn Fn(&Project, &mut Engine) -> Result<(), TestCaseError> + Sync);

/// Which projects are tried.
#[derive(Clone, Copy)]
pub struct Tries {
    /// The first of the seed's projects, and the one after the last.
    from: usize,
    to: usize,
    seed: u64,
    /// Whether those that failed before are tried first, and what fails is added to them.
    remembers: bool,
    /// How many smaller projects are tried of one that fails.
    shrinks: u32,
}

impl Tries {
    /// What the environment says, or 300 projects.
    pub fn new() -> Self {
        let setting = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
        let count = |name: &str| setting(name).map(|count| usize::try_from(count).unwrap());
        let from = count("KPIC_RANDOM_SKIP").unwrap_or(0);
        let to = from + count("KPIC_RANDOM_CASES").unwrap_or(300);
        Self { from, to, seed: setting("KPIC_RANDOM_SEED").unwrap_or(1), remembers: false, shrinks: 2_000 }
    }

    /// With those that failed before.
    pub fn remembering(self) -> Self {
        Self { remembers: true, shrinks: 4_000, ..self }
    }

    /// A third of them.
    pub fn third(self) -> Self {
        Self { to: self.from + ((self.to - self.from) / 3).max(1), ..self }
    }

    pub fn count(self) -> usize {
        self.to - self.from
    }

    /// Tries them all.
    pub fn run(self, agree: Agree<'_>) {
        let (next, done) = (AtomicUsize::new(self.from / BATCH), AtomicUsize::new(0));
        let (fails, problems) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let (began, remembers) = (Instant::now(), AtomicBool::new(self.remembers));
        let work = || {
            let engine = RefCell::new(Engine::start());
            let tried = |project: Project, is_new: bool| {
                let result = self.tried(&project, agree, &mut engine.borrow_mut(), &fails);
                let done = if is_new && !project.reduced { done.fetch_add(1, Ordering::Relaxed) + 1 } else { 0 };
                if done > 0 && done.is_multiple_of(SAID) {
                    eprintln!("{done} of {} projects agree after {} s", self.count(), began.elapsed().as_secs());
                }
                result
            };
            let keep = |result| match result {
                Ok(()) => {}
                Err(TestError::Fail(why, project)) => problems.lock().unwrap().push(format!("{why}\n\n{project:#?}")),
                Err(TestError::Abort(why)) => problems.lock().unwrap().push(why.to_string()),
            };
            if remembers.swap(false, Ordering::Relaxed) {
                let file = FileFailurePersistence::Direct(REMEMBERED);
                keep(self.runner(0, 0, Some(Box::new(file))).run(&Projects, |project| tried(project, false)));
            }
            while !fails.load(Ordering::Relaxed) {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let count = self.to.saturating_sub(batch * BATCH).min(BATCH);
                if count == 0 {
                    break;
                }
                let file = self.remembers.then(|| Box::new(Adds) as Box<dyn FailurePersistence>);
                keep(self.runner(batch, count, file).run(&Projects, |project| tried(project, true)));
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from).min(self.count().div_ceil(BATCH));
        thread::scope(|scope| (0..cores).for_each(|_| _ = scope.spawn(work)));
        let problems = problems.into_inner().unwrap();
        assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    }

    fn runner(self, batch: usize, count: usize, file: Option<Box<dyn FailurePersistence>>) -> TestRunner {
        // Seeds that are near each other are as good as any.
        let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(batch as u64);
        TestRunner::new(Config {
            cases: u32::try_from(count).unwrap(),
            rng_seed: RngSeed::Fixed(seed),
            failure_persistence: file,
            max_shrink_iters: self.shrinks,
            ..Config::default()
        })
    }

    /// Tries a project, and shows one that fails before it is made smaller: that takes long, and may go wrong itself.
    fn tried(self, project: &Project, agree: Agree<'_>, engine: &mut Engine, fails: &AtomicBool) -> Result<(), TestCaseError> {
        let result = catch_unwind(AssertUnwindSafe(|| agree(project, engine)));
        let why = match &result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => why.to_string(),
            Err(_) => "it panics".to_owned(),
        };
        if !project.reduced {
            fails.store(true, Ordering::Relaxed);
            let text = format!("A project of seed {} fails, which is made smaller now. {why}\n\n{project:#?}\n", self.seed);
            // Whatever holds back what a test prints.
            _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// The file of those that failed before, where they have been tried already.
#[derive(Debug, PartialEq)]
struct Adds;

impl FailurePersistence for Adds {
    fn load_persisted_failures2(&self, _: Option<&'static str>) -> Vec<PersistedSeed> {
        Vec::new()
    }

    fn save_persisted_failure2(&mut self, source: Option<&'static str>, seed: PersistedSeed, smallest: &dyn Debug) {
        FileFailurePersistence::Direct(REMEMBERED).save_persisted_failure2(source, seed, smallest);
    }

    fn box_clone(&self) -> Box<dyn FailurePersistence> {
        Box::new(Self)
    }

    fn eq(&self, other: &dyn FailurePersistence) -> bool {
        other.as_any().is::<Self>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
