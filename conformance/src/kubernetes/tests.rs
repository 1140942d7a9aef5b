use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ServiceAccount as Account;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use rstest::rstest;

use super::*;

pub(crate) const TOKEN: &str = "the-token-of-the-provider";

/// A client of the real library, configured by the file that a provider would be given.
pub(crate) async fn client(cluster: &Cluster, token: &str) -> Client {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    cluster.write_kubeconfig(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap().replace(TOKEN, token);
    std::fs::write(&file, text).unwrap();
    let kubeconfig = Kubeconfig::read_from(&file).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    // Each refusal is looked at, not outlived.
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn accounts(cluster: &Cluster, token: &str) -> Api<Account> {
    Api::namespaced(client(cluster, token).await, "shop")
}

async fn cluster_with_reader() -> Cluster {
    let cluster = Cluster::start(TOKEN).await.unwrap();
    cluster.apply(&ServiceAccount {
        namespace: "shop".into(),
        name: "reader".into(),
        annotations: BTreeMap::from([("ack.alibabacloud.com/role-arn".into(), "acs:ram::1:role/r".into())]),
    });
    cluster
}

pub(super) fn status(error: &kube::Error) -> (u16, String) {
    let kube::Error::Api(status) = error else { panic!("{error:?} is no answer of the API") };
    (status.code, status.reason.clone())
}

#[tokio::test]
async fn kubes_own_client_reads_a_service_account_over_tls() {
    let cluster = cluster_with_reader().await;

    let account = accounts(&cluster, TOKEN).await.get("reader").await.unwrap();

    assert_eq!(account.metadata.annotations.unwrap()["ack.alibabacloud.com/role-arn"], "acs:ram::1:role/r");
    let request = &cluster.requests()[0];
    assert_eq!(
        (request.path.as_str(), request.status),
        ("/api/v1/namespaces/shop/serviceaccounts/reader", Some(200))
    );
}

#[tokio::test]
async fn an_absent_account_and_a_strange_client_are_refused_in_kubernetes_words() {
    let cluster = cluster_with_reader().await;

    let absent = accounts(&cluster, TOKEN).await.get("writer").await.unwrap_err();
    let strange = accounts(&cluster, "somebody-elses-token").await.get("reader").await.unwrap_err();

    assert_eq!(status(&absent), (404, "NotFound".into()));
    assert_eq!(status(&strange), (401, "Unauthorized".into()));
}

#[rstest]
#[case(Trouble::Forbidden, 403, "Forbidden")]
#[case(Trouble::Throttled, 429, "TooManyRequests")]
#[case(Trouble::Broken, 500, "InternalError")]
#[case(Trouble::Unavailable, 503, "ServiceUnavailable")]
#[tokio::test]
async fn planned_trouble_comes_as_often_as_it_is_planned(
    #[case] trouble: Trouble,
    #[case] code: u16,
    #[case] reason: &str,
) {
    let cluster = cluster_with_reader().await;
    let client = accounts(&cluster, TOKEN).await;
    cluster.plan(trouble, Some(1));

    let refusal = client.get("reader").await.unwrap_err();

    assert_eq!(status(&refusal), (code, reason.into()));
    assert!(client.get("reader").await.is_ok());
}

#[rstest]
#[case(Trouble::Reset)]
#[case(Trouble::Garbage)]
#[case(Trouble::OtherJson)]
#[tokio::test]
async fn other_trouble_is_no_answer_of_an_api(#[case] trouble: Trouble) {
    let cluster = cluster_with_reader().await;
    cluster.plan(trouble, None);

    let error = accounts(&cluster, TOKEN).await.get("reader").await.unwrap_err();

    assert!(!matches!(error, kube::Error::Api(_)), "{error:?}");
}

#[rstest]
#[case("/api/v1/namespaces/shop/serviceaccounts/web", "get serviceaccounts")]
#[case("/api/v1/namespaces/shop/serviceaccounts?watch=a/b", "get serviceaccounts")]
#[case("/api/v1/namespaces/shop", "get namespaces")]
#[case("/apis/apps/v1/namespaces/shop/daemonsets/web/status", "get daemonsets")]
#[case("/openapi/v3", "get openapi/v3")]
fn a_request_is_counted_by_what_it_is_for(#[case] path: &str, #[case] expected: &str) {
    let request = Request { method: "GET".into(), path: path.into(), status: None, is_over: false };

    assert_eq!(request.verb_and_resource(), expected);
}

#[tokio::test]
async fn a_request_that_hangs_is_in_the_journal_without_a_status() {
    let cluster = cluster_with_reader().await;
    let client = accounts(&cluster, TOKEN).await;
    cluster.plan(Trouble::Hang, None);

    let hanging = tokio::spawn(async move { client.get("reader").await.is_ok() });

    let requests = crate::patience::until("the request arrives", async || {
        Some(cluster.requests()).filter(|requests| !requests.is_empty())
    });
    assert_eq!(requests.await.unwrap()[0].status, None);
    assert!(!hanging.is_finished());
}
