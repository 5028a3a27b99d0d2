#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kpic_fuzz::on_a_deep_stack(|| kpic_fuzz::targets::import_cube(bytes)));
