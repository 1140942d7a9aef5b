//! Classes that are meant to do harm end in an error, soon and in little memory.

use std::fs;
use std::time::Duration;

use csi_secrets_store_provider_alibabacloud::mount::object::{Rules, parse_objects};

/// What an optimised build must do. Another takes ten times as long.
const PATIENCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 100 });
const MOST_MEMORY_KIB: u64 = 96 * 1024;

const MEGABYTE: usize = 1 << 20;

/// The time that this thread had a processor for itself: other processes do not count.
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split(' ').next().expect("three numbers");
    Duration::from_nanos(nanoseconds.parse().expect("a number"))
}

/// The most memory that this process ever held.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

fn bomb() -> String {
    let levels = repeated(12, |level| {
        format!("a{}: &a{} [{}]\n", level + 1, level + 1, format!("*a{level},").repeat(9))
    });
    format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{levels}")
}

#[test]
fn a_hostile_class_is_refused_soon_and_in_little_memory() {
    let classes = [
        ("aliases of aliases", bomb()),
        (
            "an entry that is repeated",
            format!(
                "- &a {{objectName: x, jmesPath: [{}]}}\n{}",
                "{path: a},".repeat(900),
                "- *a\n".repeat(999)
            ),
        ),
        ("depth", "[".repeat(MEGABYTE)),
        ("depth of mappings", "{a: ".repeat(200_000)),
        ("ten thousand objects", repeated(10_000, |index| format!("- objectName: a{index}\n"))),
        ("a hundred thousand objects", "- a\n".repeat(100_000)),
        ("a name of a megabyte", format!("- objectName: {}", "x".repeat(MEGABYTE - 100))),
        ("a class of three megabytes", format!("- objectName: {}", "x".repeat(3 * MEGABYTE))),
        (
            "an alias of a megabyte",
            format!("- {{objectName: a, objectAlias: {}}}", "a/".repeat(MEGABYTE / 3)),
        ),
        (
            "an expression of a megabyte",
            format!("- {{objectName: a, jmesPath: [{{path: '{}'}}]}}", "(".repeat(MEGABYTE - 100)),
        ),
        (
            "expressions of parentheses",
            format!(
                "- {{objectName: a, jmesPath: [{}]}}",
                format!("{{path: '{}'}},", "(".repeat(4000)).repeat(200)
            ),
        ),
        ("an unknown field of a megabyte", format!("- {{{}: a}}", "x".repeat(MEGABYTE - 100))),
        ("unknown fields", format!("- {{{}}}", repeated(30_000, |index| format!("f{index}: a,")))),
        (
            "a long name and many mistakes",
            format!("- {{objectName: {}, jmesPath: [{}]}}", "n".repeat(MEGABYTE / 2), "x,".repeat(50_000)),
        ),
        ("as many files as fit", format!("- {{objectName: a, jmesPath: [{}]}}", "{path: a},".repeat(20_000))),
        ("a thousand objects of one file", "- objectName: a\n".repeat(1_000)),
        (
            "a folder within a folder",
            repeated(1_000, |index| format!("- objectName: {}a\n", "a/".repeat(index))),
        ),
        ("a key that comes twice", format!("- {{{}}}", "a: b,".repeat(50_000))),
        ("an anchor in itself", "- &a {objectName: *a}".to_owned()),
        ("tags", "- !!binary ".repeat(20_000)),
        ("many documents", "---\n- objectName: a\n".repeat(10_000)),
    ];
    let rules = Rules { translation: "False".parse().expect("a translation"), ..Rules::default() };
    for (what, text) in classes {
        let (before, started) = (peak_kib(), processor_time());
        let error = parse_objects(&text, &rules).map(|_| ()).expect_err(what);
        let (took, grown) = (processor_time().saturating_sub(started), peak_kib() - before);
        let message = error.to_string();
        assert!(message.len() < 4_000, "{what}: a message of {} bytes", message.len());
        assert!(took < PATIENCE, "{what} took {took:?}");
        assert!(grown < MOST_MEMORY_KIB, "{what} took {grown} KiB");
        println!("{what}: {took:?}, {grown} KiB, {}", message.chars().take(120).collect::<String>());
    }
}
