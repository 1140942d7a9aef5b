use tokio::time::timeout;

use super::*;
use crate::{Malformation, QuotaPreset};

fn facts(action: &str) -> Facts<'_> {
    Facts {
        product: FaultProduct::Kms,
        action,
        resources: vec!["acs:kms:cn-hangzhou:1:secret/db/password".to_owned(), "db/password".to_owned()],
        region: "cn-hangzhou",
        account: Some("1".to_owned()),
        access_key_id: Some("LTAI5tAlice".to_owned()),
        caller: Some("acs:ram::1:user/alice".to_owned()),
        host: "kms.cn-hangzhou.aliyuncs.com:443".to_owned(),
        is_dedicated: false,
        now: Timestamp::UNIX_EPOCH,
    }
}

fn planned(faults: impl Into<Vec<Fault>>) -> Plans {
    let plans = Plans::default();
    plans.add(faults.into()).expect("faults");
    plans
}

fn fires(plans: &Plans) -> bool {
    plans.meet(|| facts("GetSecretValue")).fault.is_some()
}

#[test]
fn without_a_plan_nothing_happens() {
    let plans = Plans::default();
    assert!(!fires(&plans) && !plans.refuses_connection(false) && plans.certificate_flaw("a").is_none());
}

#[rstest::rstest]
#[case(Fault::reset(), true)]
#[case(Fault::reset().product(FaultProduct::Kms), true)]
#[case(Fault::reset().product(FaultProduct::Oos), false)]
#[case(Fault::reset().action("GetSecretValue"), true)]
#[case(Fault::reset().action("Get*"), true)]
#[case(Fault::reset().action("ListSecrets"), false)]
#[case(Fault::reset().resource("db/password"), true)]
#[case(Fault::reset().resource("*:1:secret/db/*"), true)]
#[case(Fault::reset().resource("password"), false)]
#[case(Fault::reset().region("cn-hangzhou"), true)]
#[case(Fault::reset().region("cn-beijing"), false)]
#[case(Fault::reset().account("1"), true)]
#[case(Fault::reset().account("2"), false)]
#[case(Fault::reset().access_key_id("LTAI5tAlice"), true)]
#[case(Fault::reset().access_key_id("LTAI5tBob"), false)]
#[case(Fault::reset().caller("acs:ram::1:user/*"), true)]
#[case(Fault::reset().caller("acs:ram::1:root"), false)]
#[case(Fault::reset().host("kms.*.aliyuncs.com"), true)]
#[case(Fault::reset().host("127.0.0.1"), false)]
#[case(Fault::reset().action("Get*").region("cn-beijing"), false)]
fn all_that_is_given_must_fit(#[case] fault: Fault, #[case] fits: bool) {
    let plans = planned([fault]);
    assert_eq!(fires(&plans), fits);
    assert_eq!(plans.list()[0].matched, u64::from(fits));
}

#[test]
fn what_nobody_knows_of_a_call_fits_no_text() {
    let plans = planned([Fault::reset().caller("*")]);
    let unsigned = Facts { caller: None, ..facts("GetSecretValue") };
    assert!(plans.meet(|| unsigned).fault.is_none());
}

#[test]
fn a_fault_waits_for_its_turn_and_is_spent_at_its_end() {
    let plans = planned([Fault::reset().after(2).times(3)]);
    let fired: Vec<_> = (0..7).map(|_| fires(&plans)).collect();
    assert_eq!(fired, [false, false, true, true, true, false, false]);
    let told = plans.list().remove(0);
    assert_eq!((told.matched, told.fired, told.remaining), (7, 3, Some(0)));
}

#[test]
fn the_same_seed_makes_the_same_choices() {
    let choices = |fault: Fault| {
        let plans = planned([fault.probability(0.2)]);
        let choices: Vec<_> = (0..1000).map(|_| fires(&plans)).collect();
        (choices, plans.list().remove(0).fault.seed.expect("a seed is told"))
    };
    let (first, seed) = choices(Fault::reset());
    assert_eq!(choices(Fault::reset().seed(seed)).0, first);
    assert_ne!(choices(Fault::reset().seed(seed.wrapping_add(1))).0, first);
    let count = choices(Fault::reset().seed(7)).0.iter().filter(|fired| **fired).count();
    assert!((150..250).contains(&count), "{count} of 1000");
}

#[test]
fn delays_add_up_and_the_first_other_effect_ends_the_look() {
    let second = Duration::from_secs(1);
    let plans = planned([
        Fault::delay(second),
        Fault::error("Throttling").named("refusal"),
        Fault::delay(second),
        Fault::malform(Malformation::Empty),
    ]);
    let trouble = plans.meet(|| facts("GetSecretValue"));
    assert_eq!((trouble.delays.len(), trouble.fault.as_deref()), (1, Some("refusal")));
    assert!(trouble.refusal.is_some() && trouble.damage.is_none());
    let matched: Vec<_> = plans.list().iter().map(|fault| fault.matched).collect();
    assert_eq!(matched, [1, 1, 0, 0], "what comes after has not met the call");
}

#[test]
fn a_quota_lets_pass_what_is_within_it() {
    let plans = planned([Fault::quota_per_second(2), Fault::reset().after(2)]);
    let mut codes =
        (0..3).map(|_| plans.meet(|| facts("GetSecretValue")).refusal.map(|(error, _)| error.code));
    assert_eq!(codes.by_ref().take(2).collect::<Vec<_>>(), [None, None]);
    assert_eq!(codes.next(), Some(Some("Rejected.Throttling".to_owned())));
    let told = plans.list();
    assert_eq!((told[0].matched, told[0].fired), (3, 1));
    assert_eq!(told[1].matched, 2);
}

#[rstest::rstest]
#[case("GetSecretValue", 450)]
#[case("DescribeSecret", 40)]
#[case("CreateSecret", 10)]
#[case("Decrypt", 1000)]
fn the_documented_quotas_are_those_of_the_groups(#[case] action: &str, #[case] limit: usize) {
    let plans = planned([Fault::quotas(QuotaPreset::KmsSharedGateway)]);
    let within = (0..2000).take_while(|_| plans.meet(|| facts(action)).refusal.is_none()).count();
    assert_eq!(within, limit);
    let dedicated = Facts { is_dedicated: true, ..facts(action) };
    assert!(plans.meet(|| dedicated).refusal.is_none(), "the gateway of an instance has none");
    let later = Facts { now: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1), ..facts(action) };
    assert!(plans.meet(|| later).refusal.is_none());
}

#[test]
fn rotation_has_a_limit_of_its_own_always() {
    let plans = planned([Fault::quotas(QuotaPreset::KmsSharedGateway)]);
    assert!((0..2000).all(|_| plans.meet(|| facts("RotateSecret")).refusal.is_none()));
}

#[test]
fn the_quota_of_sts_is_the_accounts_in_all_regions() {
    let plans = planned([Fault::quotas(QuotaPreset::Sts)]);
    let assume = |account: &str, region: &'static str| {
        let facts = Facts {
            product: FaultProduct::Sts,
            account: Some(account.to_owned()),
            region,
            ..facts("AssumeRole")
        };
        plans.meet(|| facts).refusal.map(|(error, _)| (error.status.as_u16(), error.code))
    };
    assert!((0..100).all(|_| assume("1", "cn-hangzhou").is_none()));
    assert_eq!(assume("1", "cn-beijing"), Some((400, "Throttling.User".to_owned())));
    assert_eq!(assume("2", "cn-beijing"), None);
}

#[test]
fn a_name_is_there_once_and_made_up_names_keep_clear_of_it() {
    let plans = planned([Fault::reset().named("fault-1"), Fault::reset()]);
    let ids: Vec<_> = plans.list().into_iter().map(|planned| planned.id).collect();
    assert_eq!(ids[0], "fault-1");
    assert_ne!(ids[1], "fault-1");
    let again = plans.add(vec![Fault::reset(), Fault::reset().named("fault-1")]);
    assert_eq!(again, Err(FaultError::Taken { name: "fault-1".to_owned() }));
    assert_eq!(plans.list().len(), 2, "all or none");
}

fn delay(plans: &Plans) -> Delay {
    plans.meet(|| facts("GetSecretValue")).delays.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_delay_ends_at_its_time() {
    let plans = planned([Fault::delay(Duration::from_secs(10))]);
    let mut waiting = Box::pin(delay(&plans).pass());
    assert!(timeout(Duration::from_secs(9), &mut waiting).await.is_err());
    assert!(timeout(Duration::from_secs(2), &mut waiting).await.is_ok());
}

#[rstest::rstest]
#[case(|plans: &Plans| { plans.remove("slow"); })]
#[case(|plans: &Plans| plans.clear())]
#[tokio::test(start_paused = true)]
async fn a_delay_ends_with_its_fault(#[case] end: fn(&Plans)) {
    let plans = planned([Fault::delay(Duration::from_secs(1000)).named("slow")]);
    let mut waiting = Box::pin(delay(&plans).pass());
    assert!(timeout(Duration::from_secs(10), &mut waiting).await.is_err());
    end(&plans);
    assert!(timeout(Duration::from_secs(1), waiting).await.is_ok());
}
