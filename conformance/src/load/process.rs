//! What the kernel says of a process: memory, open files, processor time.

use std::fs;
use std::io;
use std::time::Duration;

/// Linux counts processor time in hundredths of a second, whatever the kernel's own clock is.
const TICK: Duration = Duration::from_millis(10);

/// What a process has and had at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    /// Resident memory, in KiB.
    pub(super) memory: u64,
    /// The most it ever had, in KiB.
    pub(super) peak: u64,
    /// Open files.
    pub(super) files: usize,
    /// Processor time since its start.
    pub(super) processor: Duration,
}

impl Usage {
    /// Reads it from `/proc`.
    pub(super) fn of(pid: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let unreadable =
            || io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid} is not as expected"));
        Ok(Self {
            memory: kib(&status, "VmRSS").ok_or_else(unreadable)?,
            peak: kib(&status, "VmHWM").ok_or_else(unreadable)?,
            files: open_files(pid)?,
            processor: processor(&stat).ok_or_else(unreadable)?,
        })
    }
}

/// Open files of a process.
pub(super) fn open_files(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// A line such as `VmRSS:     1234 kB`.
fn kib(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

/// User and system time. The name before the fields may hold blanks and parentheses.
fn processor(stat: &str) -> Option<Duration> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: Vec<u32> =
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse().ok()).collect::<Option<_>>()?;
    let [user, system] = ticks[..] else { return None };
    Some(TICK * (user + system))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a (b) c) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 3 0 100 200000 500";

    #[test]
    fn lines_of_a_status_are_found_by_their_whole_name() {
        let status = "Name:\tprovider\nVmHWM:\t   14000 kB\nVmRSS:\t   12345 kB\nVmRSSx:\t 1 kB\n";
        assert_eq!((kib(status, "VmRSS"), kib(status, "VmHWM")), (Some(12345), Some(14000)));
        assert_eq!((kib(status, "Vm"), kib("VmRSS: many kB", "VmRSS")), (None, None));
    }

    #[test]
    fn processor_time_is_found_behind_any_name() {
        assert_eq!(processor(STAT), Some(Duration::from_secs(2)));
        assert_eq!(processor("42 (x) S 1 2"), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.memory > 0 && usage.peak >= usage.memory && usage.files >= 3, "{usage:?}");
    }
}
