//! The speeds that the README quotes, each beside its limit, in one run: pairs are measured one
//! after the other, in turn, in fresh directories; a ratio is the median over the pairs.
//!
//! `cargo bench --bench ratios [-- issue|growth|status|rights|start]`
#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]
#![expect(clippy::disallowed_methods, reason = "the limits write files themselves")]

mod bare;
mod estate;
mod pairs;

fn main() {
    // cargo passes --bench; whatever else is given selects.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|w| w == name);
    println!("each line: ours / limit, median of paired runs\n");
    if is_wanted("issue") {
        pairs::issue();
    }
    if is_wanted("growth") {
        pairs::growth();
    }
    if is_wanted("status") {
        pairs::status();
    }
    if is_wanted("rights") {
        pairs::rights();
    }
    if is_wanted("start") {
        pairs::start();
    }
}
