//! Does with every file of `fuzz/seeds/` what the fuzz targets do with an input: nothing may panic, and nothing may take long.
//!
//! An input that once did harm stays there, as `found-...`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(unreachable_pub, reason = "the fuzz targets are a crate of their own")]

#[path = "../fuzz/src/targets/mod.rs"]
mod targets;

use rayon::prelude::*;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Plays all seeds of a target; gives how many there are.
fn play(target: &str, run: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let seeds: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let pool = rayon::ThreadPoolBuilder::new().stack_size(64 << 20).build().unwrap();
    let broken = |path: &&PathBuf| {
        let bytes = fs::read(path).unwrap();
        catch_unwind(AssertUnwindSafe(|| run(&bytes))).is_err()
    };
    let broken: Vec<_> = pool.install(|| seeds.par_iter().filter(broken).collect());
    assert!(broken.is_empty(), "{broken:?}");
    seeds.len()
}

#[test]
fn every_seed_is_survived() {
    assert!(play("formula", targets::formula) > 50);
    assert!(play("spec", targets::spec) > 50);
    assert!(play("project", targets::project) > 20);
    assert!(play("sql", targets::sql) > 5);
    assert!(play("render", targets::render) > 5);
    assert!(play("template", targets::template) > 5);
    assert!(play("name", targets::name) > 10);
    assert!(play("raw", targets::raw) > 20);
    assert!(play("import", targets::import) > 15);
    assert!(play("import_sql", targets::import_sql) > 15);
    assert!(play("import_cube", targets::import_cube) > 15);
    assert!(play("import_lookml", targets::import_lookml) > 15);
}
