use std::sync::Arc;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// A call of `action` that ended with `code`.
fn call(action: &str, code: Option<&str>) -> JournalEntry {
    JournalEntry {
        sequence: 0,
        time: Timestamp::UNIX_EPOCH,
        product: "kms".to_owned(),
        action: action.to_owned(),
        version: "2016-01-20".to_owned(),
        scheme: Scheme::Http,
        method: "GET".to_owned(),
        host: String::new(),
        region: String::new(),
        signature: SignatureKind::V3,
        access_key_id: Some("LTAI5tDemo".to_owned()),
        account: None,
        caller_arn: None,
        parameters: BTreeMap::new(),
        status: if code.is_some() { 400 } else { 200 },
        code: code.map(str::to_owned),
        request_id: String::new(),
        fault: None,
    }
}

fn journal(capacity: usize) -> Journal {
    let journal = Journal::new(capacity);
    journal.record(call("GetSecretValue", None));
    journal.record(call("GetSecretValue", Some("Forbidden.ResourceNotFound")));
    journal.record(call("ListSecrets", Some("Throttling")));
    journal
}

fn numbers(entries: &[JournalEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

#[rstest::rstest]
#[case(CallFilter::default(), &[1, 2, 3])]
#[case(CallFilter::action("GetSecretValue"), &[1, 2])]
#[case(CallFilter { outcome: Some(Outcome::Success), ..CallFilter::default() }, &[1])]
#[case(CallFilter { outcome: Some(Outcome::Failure), ..CallFilter::action("GetSecretValue") }, &[2])]
#[case(CallFilter { outcome: Some(Outcome::Code("Throttling".to_owned())), ..CallFilter::default() }, &[3])]
#[case(CallFilter { product: Some("oos".to_owned()), ..CallFilter::default() }, &[])]
#[case(CallFilter { access_key_id: Some("LTAI5tDemo".to_owned()), ..CallFilter::default() }, &[1, 2, 3])]
#[case(CallFilter { access_key_id: Some("LTAI5t".to_owned()), ..CallFilter::default() }, &[])]
#[case(CallFilter { after: Some(2), ..CallFilter::default() }, &[3])]
fn a_filter_chooses_calls_and_survives_its_query(#[case] filter: CallFilter, #[case] chosen: &[u64]) {
    let journal = journal(10);
    assert_eq!(numbers(&journal.select(&filter)), chosen);
    assert_eq!(journal.count(&filter), chosen.len());
    let mut read = CallFilter::default();
    for (name, value) in filter.pairs() {
        read.set(name, &value).expect("a field");
    }
    assert_eq!(read, filter);
}

#[test]
fn a_full_journal_forgets_the_oldest_and_keeps_counting() {
    let journal = journal(2);
    assert_eq!(numbers(&journal.entries()), [2, 3]);
    journal.clear();
    journal.record(call("ListSecrets", None));
    assert_eq!(numbers(&journal.entries()), [1]);
}

#[test]
fn a_journal_may_keep_nothing() {
    assert_eq!(journal(0).entries(), []);
}

#[tokio::test]
async fn waiting_ends_with_the_call_that_was_waited_for() {
    let journal = Arc::new(journal(10));
    let filter = CallFilter::action("GetSecretValue");
    assert!(journal.wait(&filter, 2, Duration::ZERO).await, "they are there already");
    let waiting = tokio::spawn({
        let journal = journal.clone();
        async move { journal.wait(&filter, 3, PATIENCE).await }
    });
    journal.record(call("ListSecrets", None));
    journal.record(call("GetSecretValue", None));
    assert!(waiting.await.expect("no panic"));
}

#[tokio::test]
async fn waiting_in_vain_ends_too() {
    assert!(!journal(10).wait(&CallFilter::default(), 4, Duration::from_millis(1)).await);
}

#[rstest::rstest]
#[case("SecretData")]
#[case("SecurityToken")]
#[case("Signature")]
#[case("secretdata")]
#[case("OIDCToken")]
fn what_could_be_secret_is_withheld(#[case] name: &str) {
    let kept = readable([(name, "value"), ("SecretName", "db")].into_iter());
    assert_eq!(kept[name], "[withheld]");
    assert_eq!(kept["SecretName"], "db");
}
