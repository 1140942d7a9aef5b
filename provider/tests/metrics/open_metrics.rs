//! A strict, small reader of OpenMetrics text (the specification's version 1.0): what it does not know, it refuses.

use std::collections::{BTreeMap, BTreeSet};

/// A metric family, with its samples in order.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: String,
    pub(crate) kind: String,
    unit: Option<String>,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Family {
    /// Names of labels, but for a histogram's own.
    pub(crate) fn labels(&self) -> BTreeSet<&str> {
        let names = self.samples.iter().flat_map(|sample| sample.labels.keys().map(String::as_str));
        names.filter(|name| self.kind != "histogram" || *name != "le").collect()
    }

    fn suffixes(&self) -> &'static [&'static str] {
        match self.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            kind => panic!("{}: type {kind}", self.name),
        }
    }

    fn take(&mut self, line: &str) {
        let sample = sample(line);
        let suffix = sample.name.strip_prefix(&self.name).unwrap_or_else(|| panic!("out of place: {line}"));
        assert!(self.suffixes().contains(&suffix), "a {} has no such sample: {line}", self.kind);
        assert!(self.kind == "gauge" || sample.value >= 0.0, "negative: {line}");
        let known = |other: &Sample| other.name == sample.name && other.labels == sample.labels;
        assert!(!self.samples.iter().any(known), "twice: {line}");
        self.samples.push(sample);
    }

    fn finish(&self) {
        if let Some(unit) = &self.unit {
            assert!(self.name.ends_with(&format!("_{unit}")), "{}: unit {unit}", self.name);
        }
        assert!(!self.samples.is_empty(), "{} has no sample", self.name);
        if self.kind == "histogram" {
            self.check_buckets();
        }
    }

    /// Of each series: bounds grow, counts never fall, and the last bucket has everything.
    fn check_buckets(&self) {
        let mut series: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for sample in &self.samples {
            let mut labels = sample.labels.clone();
            match (labels.remove("le"), sample.name.ends_with("_count")) {
                (Some(bound), _) => {
                    let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().expect("a bound") };
                    series.entry(labels).or_default().push((bound, sample.value));
                }
                (None, true) => drop(counts.insert(labels, sample.value)),
                (None, false) => {}
            }
        }
        assert_eq!(series.len(), counts.len(), "{}", self.name);
        for (labels, buckets) in series {
            let ordered = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
            assert!(ordered, "{} {labels:?}: {buckets:?}", self.name);
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, counts[&labels])), "{} {labels:?}", self.name);
        }
    }
}

/// Reads a whole exposition. A mistake in it fails the test.
pub(crate) fn read(text: &str) -> Vec<Family> {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut families: Vec<Family> = Vec::new();
    let mut help = None;
    for line in body.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, text] => {
                assert!(is_name(name) && !text.is_empty() && help.is_none(), "{line}");
                help = Some(name);
            }
            ["#", "TYPE", name, kind] => {
                assert_eq!(help.take(), Some(name), "HELP goes before TYPE: {line}");
                assert!(families.iter().all(|family| family.name != name), "twice: {line}");
                let (name, kind) = (name.to_owned(), kind.to_owned());
                families.push(Family { name, kind, unit: None, samples: Vec::new() });
            }
            ["#", "UNIT", name, unit] => {
                let family = families.last_mut().expect("a family");
                assert!(family.name == name && family.samples.is_empty(), "{line}");
                family.unit = Some(unit.to_owned());
            }
            _ => families.last_mut().expect("a family").take(line),
        }
    }
    families.iter().for_each(Family::finish);
    families
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
            let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("no value: {line}"));
            assert!(is_name(label) && !label.contains(':') && !value.contains('\\'), "{line}");
            assert_eq!(labels.insert(label.to_owned(), value.to_owned()), None, "twice: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').and_then(|value| value.parse().ok());
    Sample { name: name.to_owned(), labels, value: value.unwrap_or_else(|| panic!("no number: {line}")) }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    !text.is_empty() && !text.starts_with(|first: char| first.is_ascii_digit()) && text.bytes().all(plain)
}
